import { describe, expect, it } from 'vitest'
import { createId } from '../core/id.ts'
import type { SessionEvent } from '../core/events.ts'
import type { SessionRecord, StoreChange } from '../core/store.ts'
import { memoryStore } from './memory.ts'

// What every store must do is checked by the conformance suite, in tools/testing.

const HOUR = 3_600_000

/** A store with a clock of its own and an ear for its events. */
function aStore(options: { max?: number; maxBytes?: number } = {}) {
  const clock = { time: 1_000_000 }
  const store = memoryStore({ ...options, now: () => clock.time })
  const events: SessionEvent[] = []
  void store.init?.((event) => events.push(event))
  const record = (change: Partial<SessionRecord> = {}): SessionRecord => ({
    data: {},
    createdAt: clock.time,
    expiresAt: clock.time + HOUR,
    revision: 1,
    ...change,
  })
  return { store, clock, events, record }
}

async function idsOf(store: ReturnType<typeof memoryStore>): Promise<string[]> {
  const ids: string[] = []
  for await (const id of store.ids?.() ?? []) ids.push(id)
  return ids
}

describe('time', () => {
  it('an expired session is absent to the millisecond, and gone', async () => {
    const { store, clock, record } = aStore()
    const id = createId()
    await store.write(id, record(), null)
    clock.time += HOUR - 1
    expect(await store.read(id)).not.toBeNull()
    clock.time += 1
    expect(await idsOf(store)).toEqual([id])
    expect(await store.read(id)).toBeNull()
    expect(await idsOf(store)).toEqual([])
  })

  it('an expired session can be created anew, and not be written or touched', async () => {
    const { store, clock, record } = aStore()
    const id = createId()
    const old = (await store.write(id, record(), null)) as string
    clock.time += HOUR
    expect(await store.touch?.(id, clock.time + HOUR, old)).toBeNull()
    expect(await store.write(id, record(), old)).toBeNull()
    expect(await store.write(id, record(), null)).not.toBeNull()
  })

  it.each([Number.NaN, undefined, 'never', -1])('an expiry of %s is over', async (expiresAt) => {
    const { store, record } = aStore()
    const id = createId()
    await store.write(id, record({ expiresAt: expiresAt as number }), null)
    expect(await store.read(id)).toBeNull()
  })
})

describe('copies', () => {
  it('what is read is frozen to the bottom', async () => {
    const { store, record } = aStore()
    const id = createId()
    await store.write(id, record({ data: { a: [{ b: 1 }] }, flash: { c: { d: 1 } } }), null)
    const stored = await store.read(id)
    const seen = stored?.record as unknown as { data: { a: [object] }; flash: { c: object } }
    for (const part of [
      stored,
      seen,
      seen.data,
      seen.data.a,
      seen.data.a[0],
      seen.flash,
      seen.flash.c,
    ]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })

  it('what JSON would change is refused, as by a store on a disk', async () => {
    const { store, record } = aStore()
    await expect(
      store.write(createId(), record({ data: { at: new Date() } }), null),
    ).rejects.toMatchObject({ code: 'INVALID' })
  })
})

describe('bounds', () => {
  it('a session over maxBytes is refused by name, and the old state stays', async () => {
    const { store, record } = aStore({ maxBytes: 500 })
    const id = createId()
    const version = (await store.write(id, record({ data: { cart: 'x' } }), null)) as string
    const big = record({ data: { cart: 'secret '.repeat(100), small: 1 } })
    await expect(store.write(id, big, version)).rejects.toThrow(/cart 0\.7 kB/)
    await expect(store.write(id, big, version)).rejects.not.toThrow(/secret/)
    await expect(store.write(id, big, version)).rejects.toMatchObject({ code: 'TOO_LARGE' })
    expect(await store.read(id)).toMatchObject({ record: { data: { cart: 'x' } }, version })
  })

  it('bytes count, not characters, and flash counts too', async () => {
    const { store, record } = aStore({ maxBytes: 500 })
    expect(
      await store.write(createId(), record({ data: { a: 'x'.repeat(380) } }), null),
    ).toBeTruthy()
    await expect(
      store.write(createId(), record({ data: { a: 'ä'.repeat(380) } }), null),
    ).rejects.toMatchObject({ code: 'TOO_LARGE' })
    await expect(
      store.write(createId(), record({ flash: { notice: 'x'.repeat(500) } }), null),
    ).rejects.toThrow(/flash 0\.5 kB/)
  })

  it('a record of 1 MiB is too large by default', async () => {
    const { store, record } = aStore()
    const text = 'x'.repeat(1024 * 1024)
    await expect(store.write(createId(), record({ data: { text } }), null)).rejects.toMatchObject({
      code: 'TOO_LARGE',
    })
    const fits = record({ data: { text: text.slice(200) } })
    expect(await store.write(createId(), fits, null)).toBeTruthy()
  })

  it('beyond max the session goes that was not used for longest', async () => {
    const { store, record } = aStore({ max: 3 })
    const [a, b, c, d] = [createId(), createId(), createId(), createId()] as const
    for (const id of [a, b, c]) await store.write(id, record(), null)
    await store.read(a)
    await store.write(d, record(), null)
    expect(await idsOf(store)).toEqual([c, a, d])
    expect(await store.read(b)).toBeNull()
  })

  it('a write or a touch counts as use', async () => {
    const { store, clock, record } = aStore({ max: 2 })
    const [a, b, c, d] = [createId(), createId(), createId(), createId()] as const
    const version = (await store.write(a, record(), null)) as string
    await store.write(b, record(), null)
    const touched = (await store.touch?.(a, clock.time + HOUR, version)) as string
    await store.write(c, record(), null)
    expect(await idsOf(store)).toEqual([a, c])
    expect(await store.write(a, record(), touched)).toBeTruthy()
    await store.write(d, record(), null)
    expect(await idsOf(store)).toEqual([a, d])
  })

  it('dropping a live session is told, once a minute at most', async () => {
    const { store, clock, events, record } = aStore({ max: 1 })
    for (let count = 0; count < 5; count++) await store.write(createId(), record(), null)
    expect(events).toEqual([
      { type: 'warning', at: clock.time, code: 'EVICTED', message: expect.stringMatching(/max/) },
    ])
    clock.time += 59_999
    await store.write(createId(), record(), null)
    expect(events).toHaveLength(1)
    clock.time += 1
    await store.write(createId(), record(), null)
    expect(events).toHaveLength(2)
  })

  it('dropping an expired session is not told, nor is anything after close', async () => {
    const { store, clock, events, record } = aStore({ max: 1 })
    await store.write(createId(), record(), null)
    clock.time += HOUR
    await store.write(createId(), record(), null)
    await store.close?.()
    await store.write(createId(), record(), null)
    expect(events).toEqual([])
  })

  it.each([{ max: 0 }, { max: Number.NaN }, { maxBytes: 0 }, { maxBytes: -1 }])(
    '%j is refused',
    (options) => {
      expect(() => memoryStore(options)).toThrow(expect.objectContaining({ code: 'CONFIG' }))
    },
  )

  it('a bound may be Infinity', async () => {
    const { store, record } = aStore({ max: Infinity, maxBytes: Infinity })
    expect(await store.write(createId(), record(), null)).toBeTruthy()
  })
})

describe('reap', () => {
  it('stops when it is told to', async () => {
    const { store, clock, record } = aStore()
    await store.write(createId(), record(), null)
    expect(await store.reap?.(clock.time + HOUR, AbortSignal.abort())).toBe(0)
    expect(await store.reap?.(clock.time + HOUR)).toBe(1)
  })

  it('lets other work have its turn among many sessions, and keeps what changes meanwhile', async () => {
    const { store, clock, record } = aStore({ max: Infinity })
    const ids = Array.from({ length: 25_000 }, createId)
    for (const id of ids) await store.write(id, record(), null)
    const last = ids.at(-1) as string
    const before = ids.at(-2) as string
    const version = (await store.read(last))?.version as string
    let turns = 0
    const other = setInterval(() => turns++)
    const reaping = store.reap?.(clock.time + HOUR)
    await store.touch?.(last, clock.time + 2 * HOUR, version)
    await store.delete(before)
    expect(await reaping).toBe(24_998)
    clearInterval(other)
    expect(turns).toBeGreaterThan(0)
    expect(await idsOf(store)).toEqual([last])
  })
})

describe('watch', () => {
  it('tells what happens from the call on, whoever causes it', async () => {
    const { store, clock, record } = aStore({ max: 2 })
    const stop = new AbortController()
    const changes = store.watch?.(stop.signal)[Symbol.asyncIterator]()
    const next = async () => (await changes?.next())?.value as StoreChange
    const [a, b, c] = [createId(), createId(), createId()] as const
    const version = (await store.write(a, record(), null)) as string
    expect(await next()).toEqual({ id: a, kind: 'written' })
    await store.touch?.(a, clock.time + HOUR, version)
    expect(await next()).toEqual({ id: a, kind: 'written' })
    const waiting = next()
    await store.write(b, record(), null)
    expect(await waiting).toEqual({ id: b, kind: 'written' })
    await store.write(c, record(), null)
    expect([await next(), await next()]).toEqual([
      { id: c, kind: 'written' },
      { id: a, kind: 'deleted' },
    ])
    await store.delete(a)
    clock.time += HOUR
    await store.read(b)
    expect(await next()).toEqual({ id: b, kind: 'deleted' })
    await store.wipe?.()
    expect(await next()).toEqual({ id: c, kind: 'deleted' })
    stop.abort()
    expect(await changes?.next()).toEqual({ value: undefined, done: true })
  })

  it('tells a follower that falls behind the last change of each id', async () => {
    const { store, record } = aStore()
    const changes = store.watch?.(new AbortController().signal)[Symbol.asyncIterator]()
    const [a, b] = [createId(), createId()] as const
    let version = await store.write(a, record(), null)
    for (let count = 0; count < 10; count++) version = await store.write(a, record(), version)
    await store.write(b, record(), null)
    await store.delete(a)
    expect((await changes?.next())?.value).toEqual({ id: a, kind: 'deleted' })
    expect((await changes?.next())?.value).toEqual({ id: b, kind: 'written' })
    await changes?.return?.()
  })

  it('serves many followers, and one that leaves does not disturb the others', async () => {
    const { store, record } = aStore()
    const { signal } = new AbortController()
    const [one, two] = [store.watch?.(signal), store.watch?.(signal)] as const
    const id = createId()
    const leave = (async () => {
      for await (const change of one ?? []) return change
      return null
    })()
    await store.write(id, record(), null)
    expect(await leave).toEqual({ id, kind: 'written' })
    await store.delete(id)
    for await (const change of two ?? []) {
      expect(change).toEqual({ id, kind: 'deleted' })
      break
    }
  })

  it('ends at once when its signal aborts while it waits', async () => {
    const { store } = aStore()
    const stop = new AbortController()
    const changes = store.watch?.(stop.signal)[Symbol.asyncIterator]()
    const waiting = changes?.next()
    stop.abort()
    expect(await waiting).toEqual({ value: undefined, done: true })
  })
})
