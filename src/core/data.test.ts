import vm from 'node:vm'
import { describe, expect, it } from 'vitest'
import { assignInPlace } from './copy.ts'
import {
  biggestKeys,
  copyJson,
  diff,
  equal,
  formatPath,
  isPlainObject,
  own,
  put,
  type JsonObject,
} from './data.ts'

describe('a plain object', () => {
  it('is made by a literal, by JSON, without a prototype, or in another realm', () => {
    for (const value of [{}, JSON.parse('{}'), Object.create(null), vm.runInNewContext('({})')]) {
      expect(isPlainObject(value)).toBe(true)
    }
    class Own {}
    for (const value of [null, 1, 'x', [], new Own(), new Date(), new Map(), Object.create({})]) {
      expect(isPlainObject(value)).toBe(false)
    }
  })

  it('may have a member named __proto__ without changing its prototype', () => {
    const object: JsonObject = {}
    put(object, '__proto__', { a: 1 })
    expect(Object.keys(object)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    expect(own(object, '__proto__')).toEqual({ a: 1 })
    expect(own(object, 'toString')).toBeUndefined()
  })
})

describe('a path', () => {
  it('is written as in code', () => {
    expect(formatPath(['cart', 'items', 0, 'unit price', 'x'])).toBe(
      'cart.items[0]["unit price"].x',
    )
    expect(formatPath(['a\u001b[31m'])).toBe('["a\\u001b[31m"]')
    expect(formatPath([])).toBe('')
  })
})

describe('a copy', () => {
  it('shares nothing, drops undefined members and writes -0 as JSON does', () => {
    const inner = [{ a: -0 }]
    const copy = copyJson({ inner, gone: undefined }, 9) as { inner: { a: number }[] }
    expect(copy).toEqual({ inner: [{ a: 0 }] })
    expect(Object.is(copy.inner[0]?.a, 0)).toBe(true)
    expect(copy.inner).not.toBe(inner)
    expect(Object.keys(copy)).toEqual(['inner'])
  })

  it('has a bound on its depth', () => {
    expect(copyJson({ a: { b: 1 } }, 2)).toEqual({ a: { b: 1 } })
    expect(() => copyJson({ a: { b: {} } }, 2)).toThrow(/data\.a\.b: it is nested deeper than 2/)
  })

  it('names the path also at the top', () => {
    expect(() => copyJson(new Date(), 2)).toThrow(/session\.data: a Date/)
    expect(() => copyJson({ '1a': 1n }, 2)).toThrow(/session\.data\["1a"\]: a BigInt/)
    expect(() => copyJson({ a: Object.create({}) }, 2)).toThrow(/session\.data\.a: an instance of/)
    const bare: object = Object.create(Object.create(null) as object) as object
    expect(() => copyJson({ a: bare }, 2)).toThrow(/an instance of class/)
  })
})

describe('equality', () => {
  it('is by value and blind to the order of members and to undefined ones', () => {
    expect(equal({ a: 1, b: [1, { c: null }], u: undefined }, { b: [1, { c: null }], a: 1 })).toBe(
      true,
    )
  })

  it.each<[unknown, unknown]>([
    [1, '1'],
    [null, {}],
    [{}, null],
    [[], {}],
    [{}, []],
    [[1], [1, 2]],
    [[1, 2], [1]],
    [[1], [2]],
    [{ a: 1 }, {}],
    [{}, { a: 1 }],
    [{ a: 1 }, { a: 2 }],
    [{ toString: 1 }, {}],
    [new Map(), {}],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [NaN, null],
    [Object.assign([1], { x: 1 }), [1]],
  ])('tells %o from %o', (live, stored) => expect(equal(live, stored)).toBe(false))
})

describe('a difference', () => {
  it('names what was added, changed and removed, and hides the values from printing', () => {
    const changes = diff(
      { user: 'ada', cart: { items: [1, 2], total: 3 }, old: true },
      { user: 'ada', cart: { items: [1, 5, 6], total: 3 }, fresh: null },
    )
    expect(
      changes.map(({ op, path, before, after }) => [op, formatPath(path), before, after]),
    ).toEqual([
      ['change', 'cart.items[1]', 2, 5],
      ['add', 'cart.items[2]', undefined, 6],
      ['remove', 'old', true, undefined],
      ['add', 'fresh', undefined, null],
    ])
    expect(JSON.stringify(changes[0])).toBe('{"op":"change","path":["cart","items",1]}')
  })
})

describe('assigning in place', () => {
  it('keeps the objects and lists that the app holds', () => {
    const live = { cart: { items: [1], gone: 1 }, same: [1] } as JsonObject
    const { cart, same } = live as { cart: { items: number[] }; same: number[] }
    const { items } = cart
    assignInPlace(live, { cart: { items: [1, 2] }, same: [1], fresh: { a: 1 } })
    expect(live).toEqual({ cart: { items: [1, 2] }, same: [1], fresh: { a: 1 } })
    expect(live['cart']).toBe(cart)
    expect(cart.items).toBe(items)
    expect(live['same']).toBe(same)
  })
})

describe('the biggest keys', () => {
  it('are named with their size, three of them', () => {
    const data = { a: 'x'.repeat(98), b: 'x'.repeat(1998), c: 1, d: 'x'.repeat(498), f: undefined }
    expect(biggestKeys(data)).toBe('b 2.0 kB, d 0.5 kB, a 0.1 kB')
  })
})
