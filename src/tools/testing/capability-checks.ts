import assert from 'node:assert/strict'
import type { Store, StoreChange } from '../../core/store.ts'
import { aRecord } from './records.ts'
import { collected, created, type Check, type CheckContext } from './store-checks.ts'

/** A method that a store may have. */
export type Capability = 'touch' | 'turn' | 'ids' | 'reap' | 'watch' | 'wipe'

type Able<C extends Capability> = CheckContext & {
  readonly store: Required<Pick<Store, C>> & Store
}

const MINUTE = 60_000

/** What a store must do where it has the method. */
export const capabilityChecks: Readonly<Record<Capability, readonly Check[]>> = {
  touch: [
    able('touch', 'touch moves the expiry and keeps the rest', async ({ store, newId }) => {
      const id = newId()
      const record = aRecord({ data: { cart: [1, { n: 2 }] }, idle: 5_000, revision: 7 })
      const first = await created(store, id, record)
      const second = await store.touch(id, record.expiresAt + MINUTE, first)
      assert.ok(second)
      const expected = { ...record, expiresAt: record.expiresAt + MINUTE }
      assert.deepEqual(await store.read(id), { record: expected, version: second })
      assert.ok(await store.touch(id, Infinity, second))
      assert.deepEqual((await store.read(id))?.record, { ...record, expiresAt: Infinity })
    }),
    able('touch', 'touch loses against a write', async ({ store, newId }) => {
      const id = newId()
      const old = await created(store, id, aRecord({ data: { step: 1 } }))
      const record = aRecord({ data: { step: 2 }, revision: 2 })
      const version = await store.write(id, record, old)
      assert.equal(await store.touch(id, record.expiresAt + MINUTE, old), null)
      assert.deepEqual(await store.read(id), { record, version })
    }),
    able('touch', 'touch never creates', async ({ store, newId }) => {
      const id = newId()
      const { expiresAt } = aRecord()
      const version = await created(store, id, aRecord())
      await store.delete(id)
      assert.equal(await store.touch(id, expiresAt, version), null)
      assert.equal(await store.read(id), null)
      assert.equal(await store.touch(newId(), expiresAt, version), null)
    }),
  ],
  turn: [
    able(
      'turn',
      'turns on one id come one after another, and do not hold up all others',
      async (context) => {
        const { store, newId } = context
        const id = newId()
        const record = aRecord()
        const end = await store.turn(id)
        let isNext = false
        const next = store.turn(id).then((done) => {
          isNext = true
          done()
        })
        // ids may share a turn, but not all of them
        const others = Array.from({ length: 8 }, async () => (await store.turn(newId()))())
        await within(context.patience, Promise.any(others), 'other ids have turns of their own')
        const version = await created(store, id, record)
        assert.deepEqual(await store.read(id), { record, version })
        assert.equal(isNext, false)
        end()
        await within(context.patience, next, 'the next turn begins when the one before it ends')
        await within(
          context.patience,
          Promise.all(others).then(() => undefined),
          'every turn comes',
        )
      },
    ),
  ],
  ids: [
    able('ids', 'ids are those that are stored, once each', async ({ store, newId }) => {
      assert.deepEqual(await collected(store.ids()), [])
      const ids = Array.from({ length: 30 }, newId)
      for (const id of ids) await created(store, id, aRecord())
      const [gone, ...left] = ids as [string, ...string[]]
      await store.delete(gone)
      assert.deepEqual(await collected(store.ids()), left.sort())
    }),
    able('ids', 'sessions can be removed while ids are read', async ({ store, newId }) => {
      for (let count = 0; count < 20; count++) await created(store, newId(), aRecord())
      for await (const id of store.ids()) await store.delete(id)
      assert.deepEqual(await collected(store.ids()), [])
    }),
  ],
  reap: [
    able('reap', 'reap removes what has expired, to the millisecond', async ({ store, newId }) => {
      const time = aRecord().expiresAt
      const past = [newId(), newId()] as const
      const future = [newId(), newId(), newId()] as const
      await created(store, past[0], aRecord({ expiresAt: time }))
      await created(store, past[1], aRecord({ expiresAt: time - 1 }))
      await created(store, future[0], aRecord({ expiresAt: time + 1 }))
      await created(store, future[1], aRecord({ expiresAt: Infinity }))
      const version = await created(store, future[2], aRecord({ expiresAt: time }))
      const extended = aRecord({ expiresAt: time + MINUTE, revision: 2 })
      assert.ok(await store.write(future[2], extended, version))
      assert.equal(await store.reap(time), 2)
      for (const id of past) assert.equal(await store.read(id), null)
      for (const id of future) assert.ok(await store.read(id))
      assert.equal(await store.reap(time), 0)
    }),
  ],
  watch: [
    able(
      'watch',
      'watch sees writes and removals, and ends',
      async ({ store, newId, patience }) => {
        const id = newId()
        const stop = new AbortController()
        const seen = follow(store.watch(stop.signal), patience)
        await seen.until({ id, kind: 'written' }, async (round) => {
          const version = (await store.read(id))?.version ?? null
          await store.write(id, aRecord({ data: { round }, revision: round }), version)
        })
        await seen.until({ id, kind: 'deleted' }, () => store.delete(id))
        stop.abort()
        await within(patience, seen.ended, 'the watch ends when its signal aborts')
      },
    ),
    able('watch', 'a watch that is ended before it began ends', async ({ store, patience }) => {
      const { ended } = follow(store.watch(AbortSignal.abort()), patience)
      await within(patience, ended, 'the watch ends')
    }),
  ],
  wipe: [
    able('wipe', 'wipe leaves nothing, and the store works on', async ({ store, newId }) => {
      const ids = Array.from({ length: 5 }, newId) as [string, ...string[]]
      const versions = await Promise.all(ids.map((id) => created(store, id, aRecord())))
      await store.wipe()
      await store.init?.(() => undefined)
      for (const id of ids) assert.equal(await store.read(id), null)
      if (store.ids) assert.deepEqual(await collected(store.ids()), [])
      assert.equal(await store.write(ids[0], aRecord(), versions[0] ?? null), null)
      const record = aRecord({ data: { after: true } })
      const version = await created(store, ids[0], record)
      assert.deepEqual(await store.read(ids[0]), { record, version })
      assert.equal(await store.write(ids[0], aRecord(), versions[0] ?? null), null)
      await store.wipe()
    }),
  ],
}

/** A check that says nothing about a store without the method. */
function able<C extends Capability>(
  capability: C,
  name: string,
  run: (context: Able<C>) => Promise<void>,
): Check {
  return [
    name,
    async (context) => {
      if (context.store[capability]) await run(context as Able<C>)
    },
  ]
}

interface Followed {
  /**
   * Waits for a change. What makes it is done again now and then: a watch may begin a little later than asked.
   */
  until(change: StoreChange, make: (round: number) => Promise<unknown>): Promise<void>
  readonly ended: Promise<void>
}

function follow(changes: AsyncIterable<StoreChange>, patience: number): Followed {
  const seen = new Set<string>()
  const ended = (async () => {
    for await (const { id, kind } of changes) seen.add(`${kind} ${id}`)
  })()
  ended.catch(() => undefined) // whoever awaits it hears of it

  return {
    ended,
    async until({ id, kind }, make) {
      const deadline = Date.now() + patience
      for (let round = 1; !seen.has(`${kind} ${id}`); round++) {
        assert.ok(Date.now() < deadline, `the watch tells of a session that was ${kind}`)
        if (round % 10 === 1) await make(round)
        await pause(10)
      }
    },
  }
}

async function within(patience: number, promise: Promise<void>, what: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: what })), patience)
  })
  await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function pause(time: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, time))
}
