import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  cookie,
  createEngine,
  createId,
  createSessions,
  memoryStore,
  sealedCookie,
  VitrineError,
  type Session,
  type SessionEvent,
  type StandardSchema,
  type Store,
} from '../../src/index.ts'
import { browser, setCookie, types, world } from './browser.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('the facts of a session', () => {
  it('are those of the record, and before that those it will have', async () => {
    const { sessions, clock } = world()
    const b = browser(sessions)
    const fresh = await b.open()
    const begun = clock.now
    expect(fresh.isNew).toBe(true)
    expect([fresh.createdAt, fresh.expiresAt]).toEqual([begun, begun + 7_200_000])
    fresh.data['a'] = 1
    await b.commit(fresh)
    clock.now += 1000
    const again = await b.open()
    expect(again.isNew).toBe(false)
    expect([again.createdAt, again.expiresAt]).toEqual([begun, begun + 7_200_000])
    expect(again.id).toBe(fresh.id)
  })

  it('include user keys of every name, which meet no method', async () => {
    const b = browser(world().sessions)
    const data = JSON.parse(
      '{"cookie":1,"save":2,"touch":3,"id":4,"then":5,"toJSON":6,"__proto__":{"x":7},"constructor":8,"data":9}',
    ) as Record<string, unknown>
    await b.request((s) => (s.data = data))
    expect(JSON.stringify((await b.open()).data)).toBe(JSON.stringify(data))
    await b.request((s) => (s.data['__proto__x'] = 1))
    expect(Object.hasOwn((await b.open()).data, '__proto__')).toBe(true)
  })
})

describe('wrong use', () => {
  it.each([null, [], 'text', 1, new Date()])('data cannot be %j', async (value) => {
    const session = await browser(world().sessions).open()
    expect(() => (session.data = value as never)).toThrow(
      expect.objectContaining({ code: 'INVALID' }),
    )
  })

  it('an update must be synchronous', async () => {
    const session = await browser(world().sessions).open()
    const later: () => unknown = () => Promise.resolve()
    expect(() => session.update(later)).toThrow(TypeError)
  })

  it('a session of nobody is no session', async () => {
    const { sessions } = world()
    await expect(sessions.commit({} as Session)).rejects.toThrow(TypeError)
    await expect(sessions.engine.flush({} as Session)).rejects.toMatchObject({ code: 'DESTROYED' })
  })

  it('ids that the store does not take are refused', async () => {
    const engine = createEngine({ store: memoryStore(), createId: () => 'short' })
    await expect(engine.create()).rejects.toMatchObject({ code: 'CONFIG' })
  })

  it('an id that is taken is refused, and the other session is safe', async () => {
    const id = createId()
    const engine = createEngine({ store: memoryStore(), createId: () => id })
    await engine.create({ user: 'ada' })
    await expect(engine.create({ user: 'eve' })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await engine.retrieve(id))?.data).toEqual({ user: 'ada' })
  })

  it('a schema must describe an object', async () => {
    const schema: StandardSchema<string> = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ value: 'text' }) },
    }
    const sessions = createSessions({ store: memoryStore(), schema: schema as never })
    await expect(sessions.open({ headers: { get: () => null } })).rejects.toMatchObject({
      code: 'CONFIG',
    })
  })

  it('a schema that wants more than an empty session is checked when it is stored', async () => {
    const schema: StandardSchema<{ user: string }> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) => {
          const { user } = value as { user?: unknown }
          return typeof user === 'string'
            ? { value: { user } }
            : { issues: [{ message: 'no user', path: [{ key: 'user' }, 0] }, { message: 'bad' }] }
        },
      },
    }
    const sessions = createSessions({ store: memoryStore(), schema })
    const session = await sessions.open({ headers: { get: () => null } })
    expect(session.data).toEqual({})
    ;(session.data as Record<string, unknown>)['other'] = 1
    await expect(sessions.commit(session)).rejects.toMatchObject({
      code: 'INVALID',
      message: 'Cannot store session.data: the schema refuses user[0], the whole',
    })
  })
})

describe('a store with three methods', () => {
  function bare(change: Partial<Store> = {}): Store {
    const { read, write, delete: remove } = memoryStore()
    return { read, write, delete: remove, ...change }
  }

  it('is enough: what it cannot do is made up for, or refused', async () => {
    const now = { value: Date.now() }
    const sessions = createSessions({ store: bare(), now: () => now.value })
    const b = browser(sessions)
    await b.request((s) => (s.data['n'] = 1))
    const open = await Promise.all([b.open(), b.open(), b.open()])
    await Promise.all(open.map((session, n) => ((session.data[`k${n}`] = n), b.commit(session))))
    now.value += 61_000
    expect(setCookie(await b.request(() => {}))).toHaveLength(1) // touched by a write
    expect((await b.open()).data).toEqual({ n: 1, k0: 0, k1: 1, k2: 2 })
    await expect(sessions.engine.reset()).rejects.toMatchObject({ code: 'CONFIG' })
    await sessions.engine[Symbol.asyncDispose]()
  })

  it('whose compare-and-swap never succeeds is given up on', async () => {
    const store = bare()
    const engine = createEngine({ store })
    const session = await engine.create({ n: 1 })
    const stuck = createEngine({
      store: {
        ...store,
        write: async (id, record, expected) =>
          expected === null ? store.write(id, record, null) : null,
      },
    })
    const again = (await stuck.retrieve(session.id))!
    again.data['n'] = 2
    await expect(stuck.flush(again)).rejects.toMatchObject({ code: 'CONFLICT' })
    const renewing = (await stuck.retrieve(session.id))!
    renewing.renew()
    await expect(stuck.flush(renewing)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('that fails while a session is renewed leaves the old one as it was', async () => {
    const kept = new Set<string>()
    const store = bare()
    const failing: Store = {
      ...store,
      async write(id, record, expected) {
        if (record.retired) throw new VitrineError('STORE', 'Cannot write: down')
        kept.add(id)
        return store.write(id, record, expected)
      },
      async delete(id) {
        kept.delete(id)
        await store.delete(id)
      },
    }
    const engine = createEngine({ store: failing })
    const session = await engine.create({ user: 'ada' })
    session.renew()
    await expect(engine.flush(session)).rejects.toThrow('Cannot write: down')
    expect([...kept]).toEqual([session.id])
    expect((await engine.retrieve(session.id))?.data).toEqual({ user: 'ada' })
  })

  it('that cannot even be tidied up says what failed first', async () => {
    const store = bare()
    const engine = createEngine({
      store: {
        ...store,
        async write(id, record, expected) {
          if (record.retired) throw new Error('full')
          return store.write(id, record, expected)
        },
        delete: () => Promise.reject(new Error('down')),
      },
    })
    const session = await engine.create({ user: 'ada' })
    session.renew()
    await expect(engine.flush(session)).rejects.toMatchObject({
      code: 'STORE',
      cause: expect.objectContaining({ message: 'full' }),
    })
  })

  it('that takes its time does not undo what the app changes meanwhile', async () => {
    const store = bare()
    let meanwhile: (() => void) | undefined
    const engine = createEngine({
      store: {
        ...store,
        async write(id, record, expected) {
          const version = await store.write(id, record, expected)
          if (version !== null) meanwhile?.()
          return version
        },
      },
    })
    const session = await engine.create({ a: 0, both: 0 })
    const { data } = session
    const other = (await engine.retrieve(session.id))!
    other.data['theirs'] = 1
    other.data['both'] = 'theirs'
    await engine.flush(other)
    data['a'] = 1
    meanwhile = () => {
      meanwhile = undefined
      Object.assign(data, { b: 2, both: 'mine' })
      session.flash('notice', 'kept')
      session.keep({ idle: '1h' })
    }
    await engine.flush(session)
    expect(data).toEqual({ a: 1, b: 2, theirs: 1, both: 'mine' })
    await engine.flush(session)
    const after = (await engine.retrieve(session.id))!
    expect(after.data).toEqual({ a: 1, b: 2, theirs: 1, both: 'mine' })
    expect(after.flash('notice')).toBe('kept')
  })

  it('is closed at the end', async () => {
    let closed = 0
    const engine = createEngine({ store: bare({ close: async () => void closed++ }) })
    await engine[Symbol.asyncDispose]()
    expect(closed).toBe(0) // it was never used
    await engine.create()
    await engine[Symbol.asyncDispose]()
    expect(closed).toBe(1)
  })
})

describe('a session that ends while a request is under way', () => {
  it('by time is not brought back', async () => {
    const { sessions, clock, events, store } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['n'] = 1))
    const slow = await b.open()
    slow.data['late'] = true
    const stored = (await store.read(slow.id))!
    await store.write(slow.id, { ...stored.record, expiresAt: clock.now + 10 }, stored.version)
    const keep = { ...(await store.read(slow.id))! }
    clock.now += 10
    // a store that does not look at the time answers the expired record
    const lenient: Store = { ...store, read: async () => keep, write: async () => null }
    const other = world({
      store: lenient,
      now: () => clock.now - 10,
      report: (e) => void events.push(e),
    })
    const session = await browser(other.sessions).open(b.cookie)
    session.data['late'] = true
    let asked = 0
    const engine = createSessions({
      store: lenient,
      now: () => clock.now - (asked++ < 4 ? 10 : 0),
      report: (e) => void events.push(e),
    })
    const late = await browser(engine).open(b.cookie)
    late.data['late'] = true
    expect(setCookie(await engine.commit(late))).toEqual([])
    expect(events.at(-1)).toMatchObject({ type: 'lost', reason: 'expired' })
  })

  it('and is flushed by hand says so', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['n'] = 1))
    const old = b.cookie
    const slow = await b.open()
    await b.request((s) => s.renew())
    slow.data['n'] = 2
    await expect(sessions.engine.flush(slow)).rejects.toMatchObject({ code: 'DESTROYED' })
    const muted = await b.open(old)
    muted.data['n'] = 3
    await expect(sessions.engine.flush(muted)).rejects.toMatchObject({ code: 'DESTROYED' })
    await expect(sessions.engine.flush(slow)).rejects.toMatchObject({ code: 'DESTROYED' })
  })

  it('because its data fits the schema no more is not overwritten', async () => {
    const { store } = world()
    let strict = false
    const schema: StandardSchema<Record<string, unknown>> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          strict && (value as { n?: number }).n === 2
            ? { issues: [{ message: 'no' }] }
            : { value: value as Record<string, unknown> },
      },
    }
    const events: SessionEvent[] = []
    const now = () => 1_800_000_000_000
    const sessions = createSessions({ store, schema, now, report: (e) => void events.push(e) })
    const b = browser(sessions)
    await b.request((s) => (s.data['n'] = 1))
    const slow = await b.open()
    await b.request((s) => (s.data['n'] = 2))
    strict = true
    slow.data['x'] = 1
    expect(setCookie(await sessions.commit(slow))).toEqual([])
    expect(types(events)).toContain('lost')
  })
})

describe('a session that was never stored', () => {
  it('may be renewed, destroyed, and closed', async () => {
    const { sessions, events, calls } = world()
    const b = browser(sessions)
    const { id } = await b.open()
    await b.request((s) => {
      s.renew()
      s.data['n'] = 1
    })
    expect((await b.open()).data).toEqual({ n: 1 })
    expect((await b.open()).id).not.toBe(id)
    calls.length = 0
    await sessions.engine.destroy(await b.open(null))
    expect(calls).toEqual([])
    const looked = await b.open(null)
    await b.commit(looked)
    expect(() => (looked.data['n'] = 1)).toThrow(expect.objectContaining({ code: 'TOO_LATE' }))
    expect(events.at(-1)).toMatchObject({ type: 'late', session: '' })
  })

  it('because its id was renewed cannot be flushed, also when nothing was changed', async () => {
    const { sessions, events } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['n'] = 1))
    const old = b.cookie
    await b.request((s) => s.renew())
    events.length = 0
    const muted = await b.open(old)
    await expect(sessions.engine.flush(muted)).rejects.toMatchObject({ code: 'DESTROYED' })
    expect(types(events)).toEqual(['rejected'])
  })
})

describe('touching', () => {
  it('loses against somebody who stored it meanwhile', async () => {
    const { sessions, clock, events } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['n'] = 1))
    clock.now += 61_000
    const idle = await b.open()
    await b.request((s) => (s.data['n'] = 2))
    events.length = 0
    expect(setCookie(await sessions.commit(idle))).toEqual([])
    expect(events).toEqual([])
  })

  it('by an explicit flush moves the expiry too', async () => {
    const { sessions, clock } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['n'] = 1))
    clock.now += 61_000
    const session = await b.open()
    await sessions.engine.flush(session)
    expect(session.expiresAt).toBe(clock.now + 7_200_000)
  })

  it('keeps what has no end', async () => {
    const { sessions, clock } = world({ idle: Infinity, lifetime: Infinity })
    const b = browser(sessions)
    await b.request((s) => (s.data['n'] = 1))
    clock.now += 1e12
    expect((await b.open()).data).toEqual({ n: 1 })
  })
})

describe('in production', () => {
  it('a change after the response is reported and does not throw', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    const { sessions, events } = world()
    const b = browser(sessions)
    const session = await b.open()
    session.data['user'] = { name: 'ada' }
    await b.commit(session)
    session.data['late'] = 1
    session.data = {}
    session.update(() => {})
    session.flash('notice', 'late')
    session.flash('notice')
    session.keep({ idle: '1h' })
    session.renew()
    session.destroy()
    Object.defineProperty(session.data, 'defined', { value: 1 })
    expect(types(events)).toContain('late')
    expect((await b.open()).data).toEqual({ user: { name: 'ada' } })
  })

  it('unsigned tickets are warned about, once; signed and sealed ones are not', () => {
    vi.stubEnv('NODE_ENV', 'production')
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    createSessions({ store: memoryStore() })
    expect(warn.mock.calls.flat().join()).toContain('UNSIGNED')
    warn.mockClear()
    const secrets = [crypto.randomUUID() + crypto.randomUUID()]
    createSessions({ store: memoryStore(), transport: cookie({ secrets }) })
    createSessions({ store: sealedCookie({ secrets }) })
    expect(warn).not.toHaveBeenCalled()
  })

  it('the default report prints a warning once and nothing else', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const store: Store = {
      ...memoryStore(),
      async init(report) {
        const warning = {
          type: 'warning',
          at: 0,
          code: 'TEST',
          message: 'Something is odd',
        } as const
        report(warning)
        report(warning)
      },
    }
    await createEngine({ store }).create()
    expect(warn.mock.calls).toEqual([['vitrine: Something is odd (TEST)']])
  })
})

describe('the reaper', () => {
  it('sweeps by a timer while the app is in use, says what it removed, and stops with the engine', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const counts = [2, 0]
    let broken = false
    let aborted = false
    const store: Store = {
      ...memoryStore(),
      async reap(_, signal) {
        if (broken) throw new Error('down')
        signal?.addEventListener('abort', () => (aborted = true))
        return counts.shift() ?? 0
      },
    }
    const events: SessionEvent[] = []
    const sessions = createSessions({ store, report: (event) => void events.push(event) })
    expect(vi.getTimerCount()).toBe(0)
    const none = { headers: { get: () => null } }
    await sessions.open(none)
    await sessions.open(none)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(361_000)
    expect(events).toMatchObject([{ type: 'reaped', count: 2 }])
    broken = true
    await vi.advanceTimersByTimeAsync(361_000)
    expect(events.at(-1)).toMatchObject({ type: 'warning', code: 'REAP_FAILED' })
    await sessions.engine[Symbol.asyncDispose]()
    expect(aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
    await sessions.open(none)
    expect(vi.getTimerCount()).toBe(0)
  })
})
