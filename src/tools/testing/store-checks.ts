import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { SessionRecord, Store } from '../../core/store.ts'
import { aRecord, hostileIds } from './records.ts'

/** What one check works on: a store of its own, empty and ready. */
export interface CheckContext {
  readonly store: Store
  /** A new id that the store takes. */
  readonly newId: () => string
  /** How long a change may take to be seen by a watch, in ms. */
  readonly patience: number
}

/** One statement about a store. */
export type Check = readonly [name: string, run: (context: CheckContext) => Promise<void>]

/** What every store must do with one state after another. */
export const storeChecks: readonly Check[] = [
  [
    'a session that was never written is absent',
    async ({ store, newId }) => {
      for (const id of [newId(), '__proto__', 'constructor', 'toString', 'CON']) {
        assert.equal(await store.read(id), null)
      }
    },
  ],
  [
    'getting ready twice is fine',
    async ({ store, newId }) => {
      const id = newId()
      assert.ok(await store.write(id, aRecord(), null))
      await Promise.all([store.init?.(ignore), store.init?.(ignore)])
      assert.ok(await store.read(id))
    },
  ],
  [
    'hostile ids are answered with nothing, and do nothing',
    async ({ store, newId }) => {
      const id = newId()
      const record = aRecord()
      const version = await created(store, id, record)
      for (const hostile of [...hostileIds(), ...around(id)] as string[]) {
        const about = `for ${inspect(hostile).slice(0, 60)}`
        assert.notEqual(store.accepts?.(hostile), true, `accepts answers false ${about}`)
        assert.equal(await store.read(hostile), null, `read answers null ${about}`)
        assert.equal(await store.write(hostile, record, null), null, `write answers null ${about}`)
        assert.equal(
          await store.write(hostile, record, version),
          null,
          `write answers null ${about}`,
        )
        if (store.touch) assert.equal(await store.touch(hostile, Infinity, version), null)
        await store.delete(hostile)
      }
      assert.deepEqual(await store.read(id), { record, version })
      if (store.ids) assert.deepEqual(await collected(store.ids()), [id])
    },
  ],
  [
    'a session is created only where there is none',
    async ({ store, newId }) => {
      const id = newId()
      const first = aRecord({ data: { by: 'first' } })
      const version = await created(store, id, first)
      assert.equal(await store.write(id, aRecord({ data: { by: 'second' } }), null), null)
      assert.deepEqual(await store.read(id), { record: first, version })
    },
  ],
  [
    'a write goes through only on the expected version',
    async ({ store, newId }) => {
      const id = newId()
      const first = await created(store, id, aRecord({ data: { step: 1 } }))
      const second = await store.write(id, aRecord({ data: { step: 2 }, revision: 2 }), first)
      assert.ok(second)
      assert.equal(await store.write(id, aRecord({ data: { step: 'late' } }), first), null)
      assert.equal(await store.write(id, aRecord({ data: { step: 'odd' } }), 'no version'), null)
      const stored = await store.read(id)
      assert.deepEqual(stored?.record.data, { step: 2 })
      assert.ok(await store.write(id, aRecord({ data: { step: 3 } }), stored?.version ?? null))
    },
  ],
  [
    'a write on a version does not create',
    async ({ store, newId }) => {
      const [id, other] = [newId(), newId()]
      const version = await created(store, other, aRecord())
      assert.equal(await store.write(id, aRecord(), version), null)
      assert.equal(await store.read(id), null)
    },
  ],
  [
    'a removed session is absent, and removing it again is fine',
    async ({ store, newId }) => {
      const [id, other] = [newId(), newId()]
      await created(store, id, aRecord())
      await created(store, other, aRecord())
      await store.delete(id)
      await store.delete(id)
      assert.equal(await store.read(id), null)
      assert.ok(await store.read(other))
    },
  ],
  [
    'a removed session does not come back by an old version',
    async ({ store, newId }) => {
      const id = newId()
      const old = await created(store, id, aRecord({ data: { user: 'ada' } }))
      await store.delete(id)
      assert.equal(await store.write(id, aRecord({ data: { user: 'ada' } }), old), null)
      assert.equal(await store.read(id), null)
      const next = aRecord({ data: { user: 'grace' } })
      const version = await created(store, id, next)
      assert.equal(await store.write(id, aRecord({ data: { user: 'ada' } }), old), null)
      assert.deepEqual(await store.read(id), { record: next, version })
    },
  ],
  [
    'of writers that expect one state exactly one wins',
    async ({ store, newId }) => {
      const id = newId()
      const write = (expected: string | null) => (by: number) =>
        store.write(id, aRecord({ data: { by } }), expected)
      for (const expected of [null, 'current'] as const) {
        const state = expected && ((await store.read(id))?.version ?? null)
        const answers = await Promise.all(Array.from({ length: 10 }, (_, by) => write(state)(by)))
        const winners = answers.flatMap((version, by) => (version === null ? [] : [by]))
        assert.equal(winners.length, 1, `${winners.length} of 10 writers were told that they won`)
        assert.deepEqual((await store.read(id))?.record.data, { by: winners[0] })
      }
    },
  ],
  [
    'nothing is lost when 50 write at once and try again',
    async ({ store, newId }) => {
      const id = newId()
      await created(store, id, aRecord({ data: {} }))
      const names = Array.from({ length: 50 }, (_, index) => `k${index}`)
      await Promise.all(names.map((name) => put(store, id, name)))
      const data = (await store.read(id))?.record.data ?? {}
      assert.deepEqual(Object.keys(data).sort(), names.sort())
    },
  ],
  [
    'a write that races a removal never outlives it',
    async ({ store, newId }) => {
      for (let round = 0; round < 20; round++) {
        const id = newId()
        const version = await created(store, id, aRecord())
        const write = () => store.write(id, aRecord({ data: { round } }), version)
        const remove = () => store.delete(id)
        await Promise.all(round % 2 ? [write(), remove()] : [remove(), write()])
        assert.equal(await store.read(id), null)
      }
    },
  ],
  [
    'sessions do not mix',
    async ({ store, newId }) => {
      const ids = Array.from({ length: 50 }, newId)
      await Promise.all(ids.map((id, index) => created(store, id, aRecord({ data: { index } }))))
      for (const [index, id] of ids.entries()) {
        assert.deepEqual((await store.read(id))?.record.data, { index })
      }
    },
  ],
]

/** Texts that differ from an id, but not by much. */
function around(id: string): string[] {
  return [`${id}/`, `./${id}`, `${id}\n`, ` ${id}`, `${id}%00`, `${id}\u0000`, `\ufeff${id}`]
}

function ignore(): void {}

async function put(store: Store, id: string, name: string): Promise<void> {
  for (;;) {
    const stored = await store.read(id)
    assert.ok(stored, 'the session is there')
    const data = { ...stored.record.data, [name]: true }
    if (await store.write(id, { ...stored.record, data }, stored.version)) return
  }
}

/** @returns the version */
export async function created(store: Store, id: string, record: SessionRecord): Promise<string> {
  const version = await store.write(id, record, null)
  assert.equal(typeof version, 'string', 'a session that does not exist can be created')
  return version as string
}

/** Everything that an iterable yields, in order of text. */
export async function collected(ids: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const id of ids) all.push(id)
  return all.sort()
}
