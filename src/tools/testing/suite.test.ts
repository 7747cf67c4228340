import { describe, expect, it, test } from 'vitest'
import { isId } from '../../core/id.ts'
import type { SessionRecord, Store, Stored } from '../../core/store.ts'
import { changeFeed } from '../../stores/change-feed.ts'
import { memoryStore } from '../../stores/memory.ts'
import { storeSuite, type StoreFixture, type StoreSuiteOptions } from './suite.ts'

describe('the memory store passes', () => {
  storeSuite({
    test,
    create: () => ({ store: memoryStore() }),
    capabilities: ['touch', 'ids', 'reap', 'watch', 'wipe'],
  })
})

describe('a store of the shortest kind passes', () => {
  storeSuite({ test, create: () => ({ store: plainStore() }) })
})

describe('the suite itself', () => {
  it('cleans up after each test, also after one that fails', async () => {
    let open = 0
    const create = (): StoreFixture => {
      open++
      return { store: plainStore({ matches: () => true }), cleanup: () => open-- }
    }
    expect(await failures({ create })).not.toEqual([])
    expect(open).toBe(0)
  })

  it('uses the ids that the fixture makes', async () => {
    const digits = () => String(crypto.getRandomValues(new BigUint64Array(1))[0]).padStart(20, '0')
    const knows = (id: unknown) => typeof id === 'string' && /^\d{20}$/.test(id)
    const create = () => ({ store: plainStore({ knows }), createId: digits })
    expect(await failures({ create })).toEqual([])
    const others = () => ({ store: plainStore({ knows }) })
    expect(await failures({ create: others, patience: 100 })).not.toEqual([])
  })

  it('asks for the optional methods that were named, and for no other', async () => {
    const create = () => ({ store: plainStore() })
    const name = 'the optional methods are those that were named'
    expect(await failures({ create, capabilities: ['touch', 'ids'] })).toEqual([name])
    const least = () => {
      const { read, write, delete: remove } = plainStore()
      return { store: { read, write, delete: remove } }
    }
    expect(await failures({ create: least })).toEqual([])
    expect(await failures({ create: least, capabilities: [] })).toEqual([])
    expect(await failures({ create: least, capabilities: ['reap'] })).toEqual([name])
  })

  it.each(wrongStores())('finds a store that %s', async (_, create, name) => {
    const options = { create: () => ({ store: create() }), patience: 100 }
    expect(await failures(options, name)).toEqual([name])
  })
})

/** Stores that are wrong in one place, and the test that must notice. */
function wrongStores(): [what: string, create: () => Store, test: string][] {
  return [
    [
      'ignores the expected version',
      () => plainStore({ matches: () => true }),
      'a write goes through only on the expected version',
    ],
    [
      'creates over what is there',
      () =>
        plainStore({ matches: (version, expected) => expected === null || version === expected }),
      'a session is created only where there is none',
    ],
    [
      'brings a removed session back',
      () =>
        plainStore({ matches: (version, expected) => version === null || version === expected }),
      'a removed session does not come back by an old version',
    ],
    [
      'counts versions anew for each session',
      () => plainStore({ nextVersion: (record) => String(record.revision) }),
      'a removed session does not come back by an old version',
    ],
    [
      'compares, waits, and then swaps',
      () => plainStore({ beforeSwap: () => new Promise((resolve) => setTimeout(resolve, 1)) }),
      'nothing is lost when 50 write at once and try again',
    ],
    [
      'tells two creators that both did',
      () => plainStore({ beforeSwap: () => Promise.resolve() }),
      'of writers that expect one state exactly one wins',
    ],
    [
      'lets a late write outlive a removal',
      () => plainStore({ beforeSwap: () => Promise.resolve() }),
      'a write that races a removal never outlives it',
    ],
    [
      'hands out what it keeps',
      () => plainStore({ copyOut: (record) => record }),
      'whoever wrote or read a record cannot change what is stored',
    ],
    [
      'keeps what it was handed',
      () => plainStore({ copyIn: (record) => record }),
      'whoever wrote or read a record cannot change what is stored',
    ],
    [
      'copies only the first level',
      () => plainStore({ copyIn: (record) => ({ ...record, data: { ...record.data } }) }),
      'whoever wrote or read a record cannot change what is stored',
    ],
    [
      'writes Infinity as JSON does',
      () => plainStore({ copyIn: (record) => JSON.parse(JSON.stringify(record)) as SessionRecord }),
      'what was written is read: a session that never ends',
    ],
    [
      'drops flash, idle and the like',
      () =>
        plainStore({
          copyIn: ({ data, createdAt, expiresAt, revision }) =>
            structuredClone({ data, createdAt, expiresAt, revision }),
        }),
      'what was written is read: every member of the record',
    ],
    [
      'loses members named __proto__',
      () => plainStore({ copyIn: (record) => ({ ...record, data: assigned(record.data) }) }),
      'what was written is read: names that mean something in JavaScript',
    ],
    [
      'keeps times in 32 bits',
      () => plainStore({ copyIn: (record) => ({ ...record, expiresAt: record.expiresAt | 0 }) }),
      'what was written is read: every member of the record',
    ],
    [
      'rounds times to seconds',
      () =>
        plainStore({
          copyIn: (record) => ({
            ...record,
            expiresAt: Math.floor(record.expiresAt / 1000) * 1000,
          }),
        }),
      'reap removes what has expired, to the millisecond',
    ],
    [
      'takes any id',
      () => plainStore({ knows: () => true }),
      'hostile ids are answered with nothing, and do nothing',
    ],
    [
      'throws on a hostile id',
      () => {
        const knows = (id: unknown) => {
          if (!isId(id)) throw new Error('bad id')
          return true
        }
        return plainStore({ knows })
      },
      'hostile ids are answered with nothing, and do nothing',
    ],
    [
      'trims ids',
      () => {
        const store = plainStore()
        return { ...store, read: (id) => store.read(typeof id === 'string' ? id.trim() : id) }
      },
      'hostile ids are answered with nothing, and do nothing',
    ],
    [
      'does not remove',
      () => ({ ...plainStore(), delete: async () => undefined }),
      'a removed session is absent, and removing it again is fine',
    ],
    [
      'looks names up in a plain object',
      () => {
        const store = plainStore()
        const entries: Record<PropertyKey, Stored> = {}
        return { ...store, read: async (id) => entries[id] ?? store.read(id) }
      },
      'a session that was never written is absent',
    ],
    [
      'touches what is not there',
      () => {
        const store = plainStore()
        return {
          ...store,
          touch: async (id, expiresAt) => {
            const stored = await store.read(id)
            const record = stored?.record ?? { data: {}, createdAt: 0, expiresAt, revision: 1 }
            return store.write(id, { ...record, expiresAt }, stored?.version ?? null)
          },
        }
      },
      'touch never creates',
    ],
    [
      'touches whatever the version',
      () => {
        const store = plainStore()
        return {
          ...store,
          touch: async (id, expiresAt) => {
            const stored = await store.read(id)
            return stored && store.write(id, { ...stored.record, expiresAt }, stored.version)
          },
        }
      },
      'touch loses against a write',
    ],
    [
      'touches the data as well',
      () => {
        const store = plainStore()
        return {
          ...store,
          touch: async (id, expiresAt, expected) => {
            const record = (await store.read(id))?.record
            return record ? store.write(id, { ...record, data: {}, expiresAt }, expected) : null
          },
        }
      },
      'touch moves the expiry and keeps the rest',
    ],
    [
      'gives turns to all at once',
      () => ({ ...plainStore(), turn: async () => () => undefined }),
      'turns on one id come one after another, and do not hold up all others',
    ],
    [
      'gives one turn for all ids',
      () => ({ ...plainStore(), turn: oneAfterAnother() }),
      'turns on one id come one after another, and do not hold up all others',
    ],
    [
      'never ends a turn',
      () => ({ ...plainStore(), turn: endless() }),
      'turns on one id come one after another, and do not hold up all others',
    ],
    [
      'lists each session twice',
      () => {
        const store = plainStore()
        return { ...store, ids: () => repeated(store) }
      },
      'ids are those that are stored, once each',
    ],
    [
      'reaps what has a millisecond left',
      () => plainStore({ isOver: (record, now) => record.expiresAt <= now + 1 }),
      'reap removes what has expired, to the millisecond',
    ],
    [
      'lets live what ends now',
      () => plainStore({ isOver: (record, now) => record.expiresAt < now }),
      'reap removes what has expired, to the millisecond',
    ],
    [
      'reaps and does not tell',
      () => {
        const store = plainStore()
        return { ...store, reap: async (now) => ((await store.reap?.(now)) ?? 0) * 0 }
      },
      'reap removes what has expired, to the millisecond',
    ],
    [
      'ends a watch too early',
      () => ({ ...plainStore(), watch: () => plainStore().watch(AbortSignal.abort()) }),
      'watch sees writes and removals, and ends',
    ],
    [
      'never ends a watch',
      () => {
        const store = plainStore()
        return { ...store, watch: () => store.watch(new AbortController().signal) }
      },
      'a watch that is ended before it began ends',
    ],
    [
      'does not wipe',
      () => ({ ...plainStore(), wipe: async () => undefined }),
      'wipe leaves nothing, and the store works on',
    ],
    [
      'counts versions anew after a wipe',
      () => plainStore({ forgetsOnWipe: true }),
      'wipe leaves nothing, and the store works on',
    ],
  ]
}

/** The parts of a plain store that a test may get wrong. */
interface Rules {
  knows(id: unknown): boolean
  matches(version: string | null, expected: string | null): boolean
  nextVersion(record: SessionRecord): string
  beforeSwap: (() => Promise<void>) | null
  copyIn(record: SessionRecord): SessionRecord
  copyOut(record: SessionRecord): SessionRecord
  isOver(record: SessionRecord, now: number): boolean
  forgetsOnWipe: boolean
}

type PlainStore = Store & Required<Pick<Store, 'watch'>>

/** A store that is right, but for the rules that are changed. */
function plainStore(change: Partial<Rules> = {}): PlainStore {
  const entries = new Map<unknown, Stored>()
  const feed = changeFeed()
  let count = 0
  const rules: Rules = {
    knows: isId,
    matches: (version, expected) => version === expected,
    nextVersion: () => String(++count),
    beforeSwap: null,
    copyIn: structuredClone,
    copyOut: structuredClone,
    isOver: (record, now) => record.expiresAt <= now,
    forgetsOnWipe: false,
    ...change,
  }

  function drop(id: string): void {
    if (entries.delete(id)) feed.tell({ id, kind: 'deleted' })
  }

  const store: PlainStore = {
    async read(id) {
      const stored = entries.get(id)
      return stored ? { ...stored, record: rules.copyOut(stored.record) } : null
    },
    async write(id, record, expected) {
      if (!rules.knows(id)) return null
      if (!rules.matches(entries.get(id)?.version ?? null, expected)) return null
      if (rules.beforeSwap) await rules.beforeSwap()
      const version = rules.nextVersion(record)
      entries.set(id, { record: rules.copyIn(record), version })
      feed.tell({ id, kind: 'written' })
      return version
    },
    async touch(id, expiresAt, expected) {
      const stored = entries.get(id)
      return stored ? store.write(id, { ...stored.record, expiresAt }, expected) : null
    },
    async delete(id) {
      drop(id)
    },
    async *ids() {
      yield* [...entries.keys()] as string[]
    },
    async reap(now) {
      const over = [...entries].filter(([, { record }]) => rules.isOver(record, now))
      for (const [id] of over) drop(id as string)
      return over.length
    },
    async wipe() {
      entries.clear()
      if (rules.forgetsOnWipe) count = 0
    },
    watch: (signal) => feed.follow(signal),
  }
  return store
}

/** Copies as careless code does. */
function assigned(data: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(data)) copy[key] = data[key]
  return copy
}

/** A single queue, whatever the id. */
function oneAfterAnother(): NonNullable<Store['turn']> {
  let last: Promise<void> = Promise.resolve()
  return async () => {
    const before = last
    let end = () => {}
    last = new Promise((resolve) => (end = resolve))
    await before
    return end
  }
}

/** A turn for each id, once. */
function endless(): NonNullable<Store['turn']> {
  const taken = new Set<string>()
  return (id) => {
    if (taken.has(id)) return new Promise(() => undefined)
    taken.add(id)
    return Promise.resolve(() => undefined)
  }
}

async function* repeated(store: Store): AsyncGenerator<string> {
  for await (const id of store.ids?.() ?? []) {
    yield id
    yield id
  }
}

/** Runs the suite by itself, or one test of it, and tells which tests fail. */
async function failures(
  options: Omit<StoreSuiteOptions, 'test'>,
  only?: string,
): Promise<string[]> {
  const tests: [name: string, run: () => Promise<void>][] = []
  storeSuite({ ...options, test: (name, run) => tests.push([name, run]) })
  const failed: string[] = []
  for (const [name, run] of tests) {
    if (only === undefined || name === only) await run().catch(() => failed.push(name))
  }
  return failed
}
