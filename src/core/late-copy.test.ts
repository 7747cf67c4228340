import assert from 'node:assert'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from './data.ts'
import { copyLate, equalLate, snapshot } from './late-copy.ts'

/** One heavy member among light ones. */
function stored(): JsonObject {
  const cart = Array.from({ length: 100 }, (_, n) => ({ sku: `VIT-${n}`, qty: 1, tags: ['oak'] }))
  return deepFreeze({ user: { name: 'Ada', roles: ['admin'] }, views: 3, nothing: null, cart })
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}

function isWaiting(copy: JsonObject, key = 'cart'): boolean {
  return Object.getOwnPropertyDescriptor(copy, key)?.get !== undefined
}

describe('a late copy', () => {
  it('waits with heavy members only', () => {
    const copy = copyLate(stored())
    expect(Object.keys(copy).filter((key) => isWaiting(copy, key))).toEqual(['cart'])
    const light = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, { n }]))
    expect(Object.keys(light).some((key) => isWaiting(copyLate(light), key))).toBe(false)
    const deep = { a: { b: { c: Array.from({ length: 300 }, () => 0) } } }
    expect(isWaiting(copyLate(deep), 'a')).toBe(true)
  })

  it.each<[string, (data: JsonObject) => unknown]>([
    ['spread', (data) => ({ ...data })],
    ['JSON', (data) => JSON.parse(JSON.stringify(data))],
    ['structuredClone', (data) => structuredClone(data)],
    ['entries', (data) => Object.fromEntries(Object.entries(data))],
    [
      'for in',
      (data) => {
        const out: JsonObject = {}
        for (const key in data) out[key] = data[key]
        return out
      },
    ],
    ['destructuring', ({ cart, ...rest }) => ({ ...rest, cart })],
    ['itself', (data) => data],
  ])('is a plain object for %s', (_, use) => {
    const result = use(copyLate(stored()))
    expect(result).toStrictEqual(stored())
    assert.deepStrictEqual(result, stored())
  })

  it('prints as what it holds', () => {
    const copy = copyLate(stored())
    expect(inspect(copy, { depth: 9 })).toBe(inspect(structuredClone(stored()), { depth: 9 }))
    expect(isWaiting(copy)).toBe(false)
    expect(inspect(copyLate(stored()))).not.toContain('Getter')
  })

  it('keeps the order of members, and knows which it has', () => {
    const copy = copyLate(deepFreeze({ ...stored(), last: 1 }))
    const before = Object.keys(copy)
    expect('cart' in copy && Object.hasOwn(copy, 'cart')).toBe(true)
    expect(Array.isArray(copy['cart'])).toBe(true)
    expect(Object.keys(copy)).toEqual(before)
    expect(Object.getOwnPropertyDescriptor(copy, 'cart')).toMatchObject({
      enumerable: true,
      configurable: true,
      writable: true,
    })
  })

  it('is changed without changing what is stored', () => {
    const original = stored()
    const copy = copyLate(original)
    ;(copy['cart'] as { qty: number }[])[0]!.qty = 2
    ;(copy['user'] as JsonObject)['name'] = 'Eve'
    expect(original).toStrictEqual(stored())
    expect((copy['cart'] as { qty: number }[])[0]).toMatchObject({ qty: 2 })
    expect(copy['cart']).toBe(copy['cart'])
  })

  it('takes another value, or loses the member, before anybody looked', () => {
    const set = copyLate(stored())
    set['cart'] = []
    expect(set['cart']).toEqual([])
    expect(isWaiting(set)).toBe(false)
    const gone = copyLate(stored())
    delete gone['cart']
    expect(Object.keys(gone)).toEqual(['user', 'views', 'nothing'])
    expect(gone['cart']).toBeUndefined()
    const defined = copyLate(stored())
    Object.defineProperty(defined, 'cart', { value: 1, enumerable: true })
    expect(equalLate(defined, stored())).toBe(false)
    expect(snapshot(defined, 64)['cart']).toBe(1)
  })

  it('can be frozen: then it is read and not set', () => {
    const copy: JsonObject = Object.freeze(copyLate(stored())) as JsonObject
    expect(copy['cart']).toEqual(stored()['cart'])
    expect(copy['cart']).toBe(copy['cart'])
    expect(() => (copy['cart'] = 1)).toThrow(TypeError)
  })

  it('takes a member named __proto__ like every other', () => {
    const hostile = JSON.parse('{"__proto__":{"admin":true},"constructor":1}') as JsonObject
    const copy = copyLate(hostile)
    expect(Object.keys(copy)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    const heavy = Object.defineProperty({}, '__proto__', {
      value: Array.from({ length: 300 }, () => ({})),
      enumerable: true,
    })
    const late = copyLate(heavy)
    expect(Object.keys(late)).toEqual(['__proto__'])
    expect(equalLate(late, heavy)).toBe(true)
    expect(Object.getPrototypeOf(snapshot(late, 64))).toBe(Object.prototype)
  })
})

describe('comparing and copying it', () => {
  it('looks at nothing that nobody looked at', () => {
    const original = stored()
    const copy = copyLate(original)
    expect(equalLate(copy, original)).toBe(true)
    copy['views'] = 4
    const taken = snapshot(copy, 64)
    expect(isWaiting(copy)).toBe(true)
    expect(taken).toStrictEqual({ ...original, views: 4 })
    expect(taken['cart']).toBe(original['cart'])
    expect(taken['user']).not.toBe(copy['user'])
  })

  it.each<[string, (data: JsonObject) => void, boolean]>([
    ['nothing', () => undefined, true],
    ['a look', (data) => void data['cart'], true],
    ['a member that is undefined', (data) => void (data['no'] = undefined), true],
    [
      'the same by another object',
      (data) => void (data['cart'] = structuredClone(data['cart'])),
      true,
    ],
    ['a nested change', (data) => void ((data['cart'] as JsonObject[])[99]!['qty'] = 2), false],
    ['a light change', (data) => void (data['views'] = 4), false],
    ['one member more', (data) => void (data['more'] = 1), false],
    ['the heavy member gone', (data) => void delete data['cart'], false],
    ['a light member gone', (data) => void delete data['nothing'], false],
  ])('notices after %s what changed', (_, change, same) => {
    const copy = copyLate(stored())
    change(copy)
    expect(equalLate(copy, stored())).toBe(same)
    expect(equalLate(copy, snapshot(copy, 64))).toBe(true)
  })

  it('refuses what JSON would change, naming its path', () => {
    const copy = copyLate(stored())
    copy['since'] = { at: new Date(0) }
    expect(() => snapshot(copy, 64)).toThrow(/session\.data\.since\.at/)
  })

  it('works on ordinary objects as well', () => {
    expect(equalLate({ a: 1 }, { a: 1 })).toBe(true)
    expect(equalLate({ a: 1 }, { a: 2 })).toBe(false)
    expect(snapshot({ a: 1, b: undefined }, 64)).toEqual({ a: 1 })
  })
})
