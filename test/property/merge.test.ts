import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignInPlace } from '../../src/core/copy.ts'
import { copyJson, diff, equal, type JsonObject } from '../../src/core/data.ts'
import { merge, type Settle } from '../../src/core/merge.ts'

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor', 'toString', 'then', ''),
  fc.string({ maxLength: 3 }),
)
const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom('', 'x', 'é', '\ud800'),
)
const { object } = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('value'), { maxLength: 3 }), tie('object')),
  object: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 4 })
    .map((entries) => JSON.parse(textOf(entries)) as JsonObject),
}))

/** Written by hand, since an object literal cannot have a member named `__proto__`. */
function textOf(entries: [string, unknown][]): string {
  const last = new Map(entries)
  const members = [...last].map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`)
  return `{${members.join(',')}}`
}

const mine: Settle = (conflict) => ({ value: conflict.mine, winner: 'mine' })
const theirs: Settle = (conflict) => ({ value: conflict.theirs, winner: 'theirs' })
const runs = { numRuns: 3000 }

/** Every scalar in a value, with its path, arrays being one value. */
function leaves(value: unknown, path = ''): string[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value)
    return entries.flatMap(([k, member]) => leaves(member, `${path}/${JSON.stringify(k)}`))
  }
  return [`${path}=${JSON.stringify(value)}`]
}

describe('the laws of merging', () => {
  it('identity: where nobody changed anything, nothing changes', () => {
    fc.assert(
      fc.property(object, (base) => {
        const { data, conflicts } = merge(base, base, structure(base), mine)
        expect(equal(data, base)).toBe(true)
        expect(conflicts).toEqual([])
      }),
      runs,
    )
  })

  it('no loss: a change that only one side made stands, whichever side', () => {
    fc.assert(
      fc.property(object, object, (base, changed) => {
        expect(equal(merge(base, changed, structure(base), mine).data, changed)).toBe(true)
        expect(equal(merge(base, structure(base), changed, mine).data, changed)).toBe(true)
      }),
      runs,
    )
  })

  it('no loss: changes of different members are all there', () => {
    fc.assert(
      fc.property(object, object, object, (base, m, t) => {
        const onlyMine = { base, m: structure(m) }
        const data = merge({ base }, onlyMine, { base, t }, mine).data
        expect(equal(data, { base, m, t })).toBe(true)
      }),
      runs,
    )
  })

  it('idempotence: both sides made the same change', () => {
    fc.assert(
      fc.property(object, object, (base, changed) => {
        const { data, conflicts } = merge(base, changed, structure(changed), mine)
        expect(equal(data, changed)).toBe(true)
        expect(conflicts).toEqual([])
      }),
      runs,
    )
  })

  it('symmetry: without a conflict and without lists the order of commits does not matter', () => {
    fc.assert(
      fc.property(object, object, object, (base, m, t) => {
        const one = merge(base, m, t, mine)
        fc.pre(one.conflicts.length === 0 && !hasArray(one.data))
        expect(equal(one.data, merge(base, t, m, mine).data)).toBe(true)
      }),
      runs,
    )
  })

  it('symmetry: settling for mine is settling for theirs seen from the other side', () => {
    fc.assert(
      fc.property(object, object, object, (base, m, t) => {
        const one = merge(base, m, t, mine)
        fc.pre(!hasArray(one.data))
        expect(equal(one.data, merge(base, t, m, theirs).data)).toBe(true)
      }),
      runs,
    )
  })

  it('never invents a value: each comes from one side at that path', () => {
    fc.assert(
      fc.property(object, object, object, (base, m, t) => {
        const { data } = merge(base, m, t, mine)
        fc.pre(!hasArray(data))
        const known = new Set([...leaves(m), ...leaves(t)])
        for (const found of leaves(data)) expect(known.has(found)).toBe(true)
      }),
      runs,
    )
  })

  it('removing wins: what one side removed is not there afterwards', () => {
    fc.assert(
      fc.property(object, object, object, (base, m, t) => {
        const { data } = merge(base, m, t, mine)
        for (const name of Object.keys(base)) {
          if (!Object.hasOwn(m, name) || !Object.hasOwn(t, name)) {
            expect(Object.hasOwn(data, name)).toBe(Object.hasOwn(m, name) && Object.hasOwn(t, name))
          }
        }
      }),
      runs,
    )
  })

  it('changes nothing that went in, and no prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).length
    fc.assert(
      fc.property(object, object, object, (base, m, t) => {
        const texts = [base, m, t].map((value) => JSON.stringify(value))
        const { data } = merge(base, m, t, mine)
        expect([base, m, t].map((value) => JSON.stringify(value))).toEqual(texts)
        expect(Object.getPrototypeOf(data)).toBe(Object.prototype)
      }),
      runs,
    )
    expect(Object.getOwnPropertyNames(Object.prototype).length).toBe(before)
  })

  it('lists to which both sides appended are joined, theirs first', () => {
    const list = fc.array(leaf, { maxLength: 4 })
    fc.assert(
      fc.property(
        list,
        fc.array(leaf, { minLength: 1 }),
        fc.array(leaf, { minLength: 1 }),
        (b, m, t) => {
          fc.pre(!equal(m, t))
          const { data } = merge({ b }, { b: [...b, ...m] }, { b: [...b, ...t] }, mine)
          expect(data).toEqual({ b: [...b, ...t, ...m] })
        },
      ),
      runs,
    )
  })
})

describe('the laws of data', () => {
  it('a copy is equal and shares nothing', () => {
    fc.assert(
      fc.property(object, (value) => {
        const copy = copyJson(value, 64)
        expect(equal(copy, value)).toBe(true)
        expect(JSON.stringify(copy)).toBe(JSON.stringify(value))
        if (Object.keys(value).length > 0) expect(copy).not.toBe(value)
      }),
      runs,
    )
  })

  it('equal means: the same JSON, whatever the order of members', () => {
    fc.assert(
      fc.property(object, object, (a, b) => {
        expect(equal(a, b)).toBe(sorted(a) === sorted(b))
      }),
      runs,
    )
  })

  it('there is a difference exactly when two values are not equal', () => {
    fc.assert(
      fc.property(object, object, (a, b) => {
        expect(diff(a, b).length > 0).toBe(!equal(a, b))
      }),
      runs,
    )
  })

  it('making a live object equal to a target keeps the objects in it', () => {
    fc.assert(
      fc.property(object, object, (live, target) => {
        const held = Object.values(live).find((value) => isObject(value))
        const name = Object.keys(live).find((k) => live[k] === held)
        assignInPlace(live, target)
        expect(equal(live, target)).toBe(true)
        if (name !== undefined && isObject(target[name]) && Object.hasOwn(target, name)) {
          expect(live[name]).toBe(held)
        }
      }),
      runs,
    )
  })
})

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function structure<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

function hasArray(value: unknown): boolean {
  return JSON.stringify(value).includes('[')
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${sorted(v)}`)
  return `{${entries.sort().join()}}`
}
