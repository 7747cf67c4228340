import { beforeEach, describe, expect, it } from 'vitest'
import {
  createEngine,
  memoryStore,
  VitrineError,
  type Engine,
  type Options,
  type Session,
  type SessionEvent,
  type Store,
} from '../../src/index.ts'

/** Requests of one process that store one session at the same time share a write. */

let backend: Store
let writes: number
let events: SessionEvent[]
/** What the store does instead of writing, once. */
let fault: ((write: () => Promise<string | null>) => Promise<string | null>) | null

beforeEach(() => {
  backend = memoryStore()
  writes = 0
  events = []
  fault = null
})

function engineOver(options: Partial<Options> = {}): Engine {
  const store: Store = {
    ...backend,
    async write(...args) {
      writes++
      const write = () => backend.write(...args)
      const instead = fault
      fault = null
      await Promise.resolve() // others come meanwhile
      return instead ? instead(write) : write()
    },
  }
  return createEngine({ store, report: (event) => void events.push(event), ...options })
}

/** The session as so many requests have it. */
async function opened(
  engine: Engine,
  requests: number,
  data: Session['data'] = {},
): Promise<Session[]> {
  const { id } = await engine.create(data)
  writes = 0
  events = []
  return Promise.all(
    Array.from({ length: requests }, async () => (await engine.retrieve(id)) as Session),
  )
}

async function stored(engine: Engine, id: string) {
  return (await engine.retrieve(id))?.data
}

describe('requests that store one session at the same time', () => {
  it('share two writes: the first has its own, those who came meanwhile the second', async () => {
    const engine = engineOver()
    const sessions = await opened(engine, 20)
    for (const [nth, session] of sessions.entries()) session.data[`key${nth}`] = nth
    await Promise.all(sessions.map((session) => engine.flush(session)))
    expect(Object.keys((await stored(engine, sessions[0]!.id))!)).toHaveLength(20)
    expect(writes).toBeLessThanOrEqual(3)
  })

  it('count exactly with update(), also with those of another process between them', async () => {
    const engine = engineOver()
    const other = createEngine({ store: backend })
    const sessions = await opened(engine, 20, { n: 0 })
    const { id } = sessions[0]!
    const theirs = (await other.retrieve(id)) as Session
    for (const session of [...sessions, theirs]) {
      session.update((data) => void (data['n'] = (data['n'] as number) + 1))
    }
    await Promise.all([...sessions.map((one) => engine.flush(one)), other.flush(theirs)])
    expect(await stored(engine, id)).toEqual({ n: 21 })
  })

  it('tell of each change as if each had its own write', async () => {
    const engine = engineOver()
    const sessions = await opened(engine, 4, { n: 0 })
    for (const [nth, session] of sessions.entries()) session.data['n'] = nth + 1
    await Promise.all(sessions.map((session) => engine.flush(session)))
    const written = events.filter((event) => event.type === 'written')
    expect(written.map(({ revision }) => revision)).toEqual([2, 3, 4, 5])
    expect(written.map(({ changes }) => changes[0]?.after)).toEqual([1, 2, 3, 4])
    expect(events.filter((event) => event.type === 'conflict')).toHaveLength(3)
    expect(await stored(engine, sessions[0]!.id)).toEqual({ n: 4 })
  })

  it('go on with what is stored: none of them undoes another when it stores again', async () => {
    const engine = engineOver()
    const sessions = await opened(engine, 5)
    for (const round of [1, 2]) {
      for (const [nth, session] of sessions.entries()) session.data[`key${nth}`] = round
      await Promise.all(sessions.map((session) => engine.flush(session)))
    }
    const { id } = sessions[0]!
    expect(await stored(engine, id)).toEqual({ key0: 2, key1: 2, key2: 2, key3: 2, key4: 2 })
  })

  it('each hear of their own mistake, and only of that', async () => {
    const engine = engineOver()
    const sessions = await opened(engine, 4)
    for (const [nth, session] of sessions.entries()) session.data[`key${nth}`] = nth
    sessions[2]!.data['when'] = new Date(0)
    const outcomes = await Promise.allSettled(sessions.map((session) => engine.flush(session)))
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(await stored(engine, sessions[0]!.id)).toEqual({ key0: 0, key1: 1, key3: 3 })
  })

  it('are stored one by one where all of them together are too much', async () => {
    const tooLarge = new VitrineError('TOO_LARGE', 'too much')
    const bounded: Store = {
      ...backend,
      async write(id, record, expected) {
        if (Object.keys(record.data).length > 3) throw tooLarge
        return backend.write(id, record, expected)
      },
    }
    const engine = createEngine({ store: bounded })
    const sessions = await opened(engine, 5)
    for (const [nth, session] of sessions.entries()) session.data[`key${nth}`] = nth
    const outcomes = await Promise.allSettled(sessions.map((session) => engine.flush(session)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(Object.keys((await stored(engine, sessions[0]!.id))!)).toHaveLength(3)
  })

  it('are all told when their write fails: it may have been done all the same', async () => {
    const engine = engineOver()
    const sessions = await opened(engine, 4, { n: 0 })
    for (const session of sessions) {
      session.update((data) => void (data['n'] = (data['n'] as number) + 1))
    }
    const first = engine.flush(sessions[0]!)
    fault = async (write) => {
      await write()
      fault = async (again) => {
        await again()
        throw new Error('done, but said to have failed')
      }
      return null // somebody else was first, it says: so the first one starts over, with the others
    }
    const outcomes = await Promise.allSettled([
      first,
      ...sessions.slice(1).map((session) => engine.flush(session)),
    ])
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORE' } })
    }
    expect(writes).toBe(2)
  })

  it('leave alone one that ends, is renewed, or waits twice', async () => {
    const engine = engineOver()
    const [one, two, three] = (await opened(engine, 3)) as [Session, Session, Session]
    one.data['one'] = 1
    two.update((data) => void (data['two'] = ((data['two'] as number | undefined) ?? 1) + 1))
    three.data['three'] = 3
    const { id } = one
    const flushed = [engine.flush(one), engine.flush(two), engine.flush(two)]
    three.renew()
    const renewed = await engine.flush(three)
    await Promise.all(flushed)
    expect(renewed).not.toBe(id)
    expect(await stored(engine, renewed)).toEqual({ one: 1, two: 2, three: 3 })
    expect(await stored(engine, id)).toBeUndefined()
  })

  it('do not bring back a session that is destroyed among them', async () => {
    const engine = engineOver()
    const sessions = await opened(engine, 6)
    for (const [nth, session] of sessions.entries()) session.data[`key${nth}`] = nth
    const outcomes = await Promise.allSettled(
      sessions.map((session, nth) => (nth === 3 ? engine.destroy(session) : engine.flush(session))),
    )
    expect(outcomes[3]!.status).toBe('fulfilled')
    expect(await stored(engine, sessions[0]!.id)).toBeUndefined()
  })
})
