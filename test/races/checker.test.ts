import { describe, expect, it } from 'vitest'
import { faultsIn } from './checker.ts'
import type { Action, Operation, Seen } from './history.ts'
import { firstUnexplained } from './linearizable.ts'

/** An operation on the session `a`; the times make the order. */
function op(from: number, until: number, what: Action, more: Partial<Operation> = {}): Operation {
  return { process: 'p', outcome: 'ok', id: 'a', from, until, what, ...more }
}

function read(from: number, until: number, seen: Partial<Seen>, id = 'a'): Operation {
  return op(from, until, 'read', { id, seen: { keys: {}, count: 0, added: [], ...seen } })
}

const set = (from: number, until: number, value: string, more: Partial<Operation> = {}) =>
  op(from, until, 'set', { key: 'k', value, ...more })
const sees = (from: number, until: number, value: string, id = 'a') =>
  read(from, until, { keys: { k: value } }, id)
const info = { outcome: 'info' } as const
const fail = { outcome: 'fail' } as const

const created = op(0, 1, 'create')

/** Histories that could have happened. */
const good: Record<string, Operation[]> = {
  'one after another': [created, set(2, 3, 'x'), sees(4, 5, 'x'), set(6, 7, 'y'), sees(8, 9, 'y')],
  'a read beside a write sees the new value': [created, set(2, 9, 'x'), sees(3, 4, 'x')],
  'a read beside a write sees the old value': [created, set(2, 9, 'x'), read(3, 4, {})],
  'two writes at once, read in either order': [
    created,
    set(2, 9, 'x'),
    set(2, 9, 'y'),
    sees(10, 11, 'x'),
  ],
  'a write that was removed at once': [
    created,
    set(2, 9, 'x'),
    op(3, 4, 'remove', { key: 'k' }),
    read(10, 11, {}),
  ],
  'a write of a killed process took effect': [created, set(2, 5, 'x', info), sees(6, 7, 'x')],
  'a write of a killed process had no effect': [created, set(2, 5, 'x', info), read(6, 7, {})],
  'ended, and stayed so': [
    created,
    op(2, 3, 'destroy'),
    op(4, 5, 'read', fail),
    set(4, 5, 'x', fail),
  ],
  'a write beside the end counts as before it': [created, op(2, 6, 'destroy'), set(2, 7, 'x')],
  'wiped, and made anew': [
    created,
    op(2, 3, 'wipe'),
    op(4, 5, 'read', fail),
    op(6, 7, 'create', { id: 'b' }),
    read(8, 9, {}, 'b'),
  ],
  'created beside a wipe, and still there': [
    op(0, 9, 'wipe'),
    op(2, 3, 'create'),
    read(10, 11, {}),
  ],
  'renewed, and its data came along': [
    created,
    set(2, 3, 'x'),
    op(4, 5, 'renew', { next: 'b' }),
    sees(6, 7, 'x', 'b'),
    set(8, 9, 'y', fail),
  ],
  'a killed renewal left the old id': [
    created,
    op(2, 3, 'renew', { ...info, next: 'b' }),
    read(4, 5, {}),
  ],
  'a killed renewal left the new id': [
    created,
    op(2, 3, 'renew', { ...info, next: 'b' }),
    op(4, 5, 'read', fail),
    read(6, 7, {}, 'b'),
  ],
  'counted, one of a killed process among them': [
    created,
    op(2, 3, 'count'),
    op(2, 3, 'count', info),
    read(4, 5, { count: 1 }),
    read(6, 7, { count: 2 }),
    op(8, 9, 'destroy'),
    op(8, 9, 'count', fail),
  ],
  'added, and a touch in between': [
    created,
    op(2, 3, 'add', { value: 'x' }),
    op(2, 9, 'add', { value: 'y' }),
    op(3, 4, 'touch'),
    read(5, 6, { added: ['x'] }),
    read(10, 11, { added: ['y', 'x'] }),
  ],
}

/** Histories that must not happen, and what is said about them. */
const bad: Record<string, [Operation[], RegExp]> = {
  'a lost update': [
    [created, set(2, 3, 'x'), op(4, 9, 'count'), read(10, 11, { count: 1 })],
    /the key k has no explanation/,
  ],
  'a lost update, seen only once it was overwritten': [
    [created, set(2, 3, 'x'), set(4, 5, 'y'), sees(6, 7, 'x')],
    /the key k has no explanation for p read/,
  ],
  'a stale read': [
    [created, set(2, 3, 'x'), set(4, 5, 'y'), sees(6, 7, 'y'), sees(8, 9, 'x')],
    /the key k has no explanation for p read/,
  ],
  'two readers that see two writes in two orders': [
    [created, set(2, 20, 'x'), set(2, 20, 'y'), sees(3, 4, 'x'), sees(5, 6, 'y'), sees(7, 8, 'x')],
    /the key k has no explanation/,
  ],
  'a read of what is written later': [[created, sees(2, 3, 'x'), set(4, 5, 'x')], /the key k/],
  'a value from nowhere': [[created, sees(2, 3, 'x')], /the key k has no explanation/],
  'a value of a write that failed': [
    [created, op(2, 9, 'destroy', info), set(3, 4, 'x', fail), sees(5, 6, 'x')],
    /the key k has no explanation/,
  ],
  'a session that came back': [
    [created, op(2, 3, 'destroy'), read(4, 5, {})],
    /whether a session is there has no explanation for p read/,
  ],
  'a session that came back by a late write': [
    [created, op(2, 3, 'destroy'), set(4, 5, 'x')],
    /whether a session is there has no explanation for p set/,
  ],
  'a session that came back and went again': [
    [created, op(2, 20, 'destroy'), op(3, 4, 'read', fail), read(5, 6, {}), op(7, 8, 'read', fail)],
    /whether a session is there/,
  ],
  'a session that vanished': [[created, op(2, 3, 'read', fail)], /whether a session is there/],
  'a session that outlived a wipe': [
    [created, op(2, 3, 'wipe'), read(4, 5, {})],
    /whether a session/,
  ],
  'a killed process that writes after its death': [
    [created, set(2, 3, 'x', info), set(4, 5, 'y'), sees(6, 7, 'x')],
    /the key k/,
  ],
  'a renewal that left nothing': [
    [
      created,
      op(2, 3, 'renew', { ...info, next: 'b' }),
      op(4, 5, 'read', fail),
      op(6, 7, 'read', { ...fail, id: 'b' }),
    ],
    /whether a session is there/,
  ],
  'a renewal after which both ids are good': [
    [created, op(2, 3, 'renew', { next: 'b' }), read(4, 5, {}, 'b'), read(6, 7, {})],
    /whether a session is there/,
  ],
  'two renewals of one id': [
    [created, op(2, 9, 'renew', { next: 'b' }), op(2, 9, 'renew', { next: 'c' })],
    /whether a session is there/,
  ],
  'a change that a renewal did not take along': [
    [created, set(2, 3, 'x'), op(2, 5, 'renew', { next: 'b' }), read(6, 7, {}, 'b')],
    /the key k/,
  ],
  'a count too few': [[created, op(2, 3, 'count'), read(4, 5, {})], /a count of 0 where 1 to 1/],
  'a count too many': [[created, op(2, 3, 'count'), read(4, 5, { count: 2 })], /a count of 2/],
  'a count of what failed': [
    [created, op(2, 3, 'count', fail), read(4, 5, { count: 1 })],
    /a count of 1/,
  ],
  'a count that falls': [
    [created, op(2, 20, 'count'), read(3, 4, { count: 1 }), read(5, 6, {})],
    /a count that fell from 1/,
  ],
  'something added that is missing': [
    [created, op(2, 3, 'add', { value: 'x' }), read(4, 5, {})],
    /add x .* is missing in/,
  ],
  'something added by nobody': [[created, read(4, 5, { added: ['x'] })], /x was added by nobody/],
  'something added twice': [
    [created, op(2, 3, 'add', { value: 'x' }), read(4, 5, { added: ['x', 'x'] })],
    /added twice/,
  ],
  'a session that nobody created': [[read(2, 3, {})], /nobody created/],
}

describe('the checker', () => {
  it.each(Object.entries(good))('accepts: %s', (_, history) => {
    expect(faultsIn(history)).toEqual([])
    expect(faultsIn([...history].reverse())).toEqual([])
  })

  it.each(Object.entries(bad))('rejects: %s', (_, [history, fault]) => {
    expect(faultsIn(history).join('\n')).toMatch(fault)
    expect(faultsIn([...history].reverse()).join('\n')).toMatch(fault)
  })
})

describe('the search for an order', () => {
  /** A register that holds one letter. */
  const step = (state: string, { put, got }: { put?: string; got?: string }) =>
    put ?? (got === state ? state : null)

  /** Every order of the operations, tried out. */
  function isExplained(operations: readonly (Parameters<typeof step>[1] & Times)[]): boolean {
    const attempt = (state: string, left: typeof operations): boolean =>
      left.every(({ optional }) => optional) ||
      left.some((next) => {
        if (left.some((other) => !other.optional && other.until < next.from)) return false
        const after = step(state, next)
        const rest = left.filter((other) => other !== next && other.until >= next.from)
        return after !== null && attempt(after, rest)
      })
    return attempt('-', operations)
  }
  interface Times {
    readonly from: number
    readonly until: number
    readonly optional: boolean
    readonly passive: boolean
  }

  it('agrees with trying every order, for 3,000 small histories', () => {
    let seed = 1
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    let explained = 0
    for (let round = 0; round < 3000; round++) {
      const operations = Array.from({ length: 2 + random(5) }, () => {
        const from = random(12)
        const until = from + 1 + random(6)
        const letter = 'xy-'[random(3)] as string
        const writes = random(2) === 0
        const what = writes ? { put: letter } : { got: letter }
        return { from, until, optional: writes && random(4) === 0, passive: !writes, ...what }
      })
      const found = firstUnexplained(operations, '-', step) === null
      expect(found, JSON.stringify(operations)).toBe(isExplained(operations))
      if (found) explained++
    }
    expect(explained).toBeGreaterThan(500)
    expect(explained).toBeLessThan(2500)
  })
})
