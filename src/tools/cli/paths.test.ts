import { describe, expect, it } from 'vitest'
import { formatPath } from '../../core/data.ts'
import { parsePath, valueAt, withoutValue, withValue } from './paths.ts'

describe('a path', () => {
  it.each([
    ['user', ['user']],
    ['cart.items[0].sku', ['cart', 'items', 0, 'sku']],
    ['["unit price"]', ['unit price']],
    ['a["x\\"y"][12]', ['a', 'x"y', 12]],
    ['user-id', ['user-id']],
  ])('%s is read', (text, path) => {
    expect(parsePath(text)).toEqual(path)
    expect(parsePath(formatPath(path))).toEqual(path)
  })

  it.each(['', '.', 'a..b', 'a[', 'a[x]', 'a["x]', 'a b', 'a]'])('%j is none', (text) => {
    expect(() => parsePath(text)).toThrow('is not a path')
  })
})

describe('setting a value', () => {
  it('leaves what it was given as it was', () => {
    const data = Object.freeze({ cart: Object.freeze({ total: 1 }) })
    expect(withValue(data, ['cart', 'total'], 2)).toEqual({ cart: { total: 2 } })
    expect(data).toEqual({ cart: { total: 1 } })
  })

  it('makes the objects on the way', () => {
    expect(withValue({}, ['a', 'b', 'c'], 1)).toEqual({ a: { b: { c: 1 } } })
  })

  it('replaces an item of a list, or adds one at its end', () => {
    expect(withValue({ a: [1, 2] }, ['a', 1], 9)).toEqual({ a: [1, 9] })
    expect(withValue({ a: [1, 2] }, ['a', '2'], 9)).toEqual({ a: [1, 2, 9] })
    expect(() => withValue({ a: [1] }, ['a', 5], 9)).toThrow('Cannot set a[5]')
    expect(() => withValue({ a: [1] }, ['a', 'x'], 9)).toThrow('Cannot set a.x')
  })

  it('does not go through what is no object', () => {
    expect(() => withValue({ a: 'text' }, ['a', 'b'], 1)).toThrow('Cannot set a.b')
    expect(() => withValue({ a: null }, ['a', 'b'], 1)).toThrow('Cannot set a.b')
  })

  it('takes __proto__ for a name like any other', () => {
    const data = withValue({}, ['__proto__', 'x'], 1)
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype)
    expect(valueAt(data, ['__proto__', 'x'])).toBe(1)
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })
})

describe('removing a value', () => {
  it('takes out a member or an item', () => {
    expect(withoutValue({ a: 1, b: 2 }, ['a'])).toEqual({ b: 2 })
    expect(withoutValue({ a: [1, 2, 3] }, ['a', 1])).toEqual({ a: [1, 3] })
  })

  it('is fine when there is nothing', () => {
    const data = { a: 1 }
    expect(withoutValue(data, ['b', 'c'])).toBe(data)
  })
})
