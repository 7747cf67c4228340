import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  createEngine,
  createSessions,
  memoryStore,
  type Options,
  type SessionRecord,
  type Store,
} from '../../src/index.ts'
import { browser, setCookie, types, world } from './browser.ts'

describe('a stranger', () => {
  it('who only looks leaves no record, gets no cookie and causes no I/O', async () => {
    const { sessions, calls } = world()
    const b = browser(sessions)
    expect(await b.request(() => {})).toEqual([])
    expect(await b.request((s) => void s.data['user'])).toEqual([['vary', 'Cookie']])
    expect(calls).toEqual([])
  })

  it('becomes a session when something is put in', async () => {
    const { sessions, events } = world()
    const b = browser(sessions)
    const headers = await b.request((s) => (s.data['user'] = 'ada'))
    expect(setCookie(headers)).toHaveLength(1)
    expect(headers).toContainEqual(['cache-control', 'private'])
    expect((await b.open()).data).toEqual({ user: 'ada' })
    expect(types(events)).toEqual(['created'])
  })

  it.each(['id=', 'id=short', 'id=../../etc/passwd', `id=${'a'.repeat(32)}`, 'id=%00', 'nonsense'])(
    'with the cookie %j is anonymous, and the id is never adopted',
    async (cookie) => {
      const { sessions } = world()
      const b = browser(sessions)
      expect(await b.request(() => {}, cookie)).toEqual([])
      await b.request((s) => (s.data['user'] = 'ada'), cookie)
      expect(b.cookie).not.toBe(cookie)
    },
  )
})

describe('a session', () => {
  it('is not rewritten when nothing changed, also when it was looked at', async () => {
    const { sessions, calls } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['cart'] = [1]))
    calls.length = 0
    await b.request((s) => void s.data['cart'])
    await b.request((s) => (s.data = { cart: [1] }))
    expect(calls).toEqual(['read', 'read'])
  })

  it('is stored when something deep inside changed', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data = { a: { b: [{ c: 1 }] } }))
    await b.request((s) => ((s.data as { a: { b: { c: number }[] } }).a.b[0]!.c = 2))
    expect((await b.open()).data).toEqual({ a: { b: [{ c: 2 }] } })
  })

  it('logs nobody out because of a stray cookie of the same name', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['user'] = 'ada'))
    for (const cookie of [`id=junk; ${b.cookie}`, `${b.cookie}; id=junk`]) {
      expect((await b.open(cookie)).data).toEqual({ user: 'ada' })
    }
  })

  it('keeps what a handler put in before a flush, and after', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    const session = await b.open()
    session.data['a'] = 1
    await sessions.engine.flush(session)
    session.data['b'] = 2
    expect(setCookie(await b.commit(session))).toHaveLength(1)
    expect((await b.open()).data).toEqual({ a: 1, b: 2 })
  })

  it('sends the cookie of a session that was flushed and not changed afterwards', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    const session = await b.open()
    session.data['a'] = 1
    await sessions.engine.flush(session)
    await b.commit(session)
    expect((await b.open()).data).toEqual({ a: 1 })
  })
})

describe('time', () => {
  const hour = 3_600_000

  it('ends a session after two hours of silence, to the millisecond', async () => {
    const { sessions, clock } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['user'] = 'ada'))
    clock.now += 2 * hour - 1
    expect((await b.open()).data).toEqual({ user: 'ada' })
    clock.now += 1
    expect((await b.open()).data).toEqual({})
  })

  it('touches at most once a beat, and the cookie follows', async () => {
    const { sessions, clock, calls } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['user'] = 'ada'))
    calls.length = 0
    clock.now += 59_999
    expect(setCookie(await b.request(() => {}))).toEqual([])
    clock.now += 1
    const [cookie] = setCookie(await b.request(() => {}))
    expect(cookie).toContain('Max-Age=7200')
    expect(setCookie(await b.request(() => {}))).toEqual([])
    expect(calls.filter((call) => call === 'touch')).toHaveLength(1)
    expect(calls).not.toContain('write')
  })

  it('stays while it is used, but not beyond its lifetime', async () => {
    const { sessions, clock } = world({ lifetime: '5h' })
    const b = browser(sessions)
    await b.request((s) => (s.data['user'] = 'ada'))
    for (let used = 0; used < 4; used++) {
      clock.now += hour
      await b.request(() => {})
    }
    expect((await b.open()).data).toEqual({ user: 'ada' })
    clock.now += hour
    expect((await b.open()).data).toEqual({})
  })

  it('can be given to one session: remember me', async () => {
    const { sessions, clock } = world()
    const b = browser(sessions)
    await b.request((s) => {
      s.data['user'] = 'ada'
      s.keep({ idle: '14d', lifetime: '90d' })
    })
    clock.now += 13 * 24 * hour
    await b.request(() => {})
    clock.now += 13 * 24 * hour
    expect((await b.open()).data).toEqual({ user: 'ada' })
  })

  it('moves at once when it is kept shorter', async () => {
    const { sessions, clock } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['user'] = 'ada'))
    const [cookie] = setCookie(await b.request((s) => s.keep({ idle: '1m' })))
    expect(cookie).toContain('Max-Age=60')
    clock.now += 60_000
    expect((await b.open()).data).toEqual({})
  })

  it.each([NaN, -1, undefined, 'soon', null, -Infinity])(
    'that makes no sense (%s) means expired',
    async (time) => {
      const { sessions, store } = world()
      const b = browser(sessions)
      await b.request((s) => (s.data['user'] = 'ada'))
      const id = (await b.open()).id
      for (const member of ['expiresAt', 'createdAt']) {
        const { record, version } = (await store.read(id))!
        await store.write(id, { ...record, [member]: time }, version)
        expect((await b.open()).data).toEqual({})
        const now = await store.read(id)
        if (now) await store.write(id, record, now.version)
        else await store.write(id, record, null)
        expect((await b.open()).data).toEqual({ user: 'ada' })
      }
    },
  )

  it('is measured in sensible options', () => {
    for (const idle of ['2 hours', '-1h', 0, NaN, '', '1w'] as never[]) {
      expect(() => createSessions({ store: memoryStore(), idle })).toThrow(
        expect.objectContaining({ code: 'CONFIG' }),
      )
    }
  })
})

describe('flash', () => {
  it('is there for the next request, once', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => {
      s.flash('notice', 'Saved')
      expect(s.flash('notice')).toBeUndefined()
    })
    await b.request((s) => {
      expect(s.flash('notice')).toBe('Saved')
      expect(s.flash('notice')).toBeUndefined()
    })
    await b.request((s) => expect(s.flash('notice')).toBeUndefined())
  })

  it('stays until somebody reads it', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => s.flash('notice', { text: 'Saved' }))
    await b.request((s) => (s.data['seen'] = 1))
    await b.request((s) => expect(s.flash('notice')).toEqual({ text: 'Saved' }))
  })

  it('is no part of the data', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => s.flash('notice', 'Saved'))
    expect((await b.open()).data).toEqual({})
  })

  it('refuses what JSON would change', async () => {
    const session = await browser(world().sessions).open()
    expect(() => session.flash('when', new Date())).toThrow(
      expect.objectContaining({ code: 'INVALID' }),
    )
  })
})

describe('log-out', () => {
  it('removes the record and clears the cookie', async () => {
    const { sessions, calls, events } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['user'] = 'ada'))
    const [cookie] = setCookie(await b.request((s) => s.destroy()))
    expect(cookie).toMatch(/^id=; .*Max-Age=0/)
    expect(calls).toContain('delete')
    expect(types(events)).toEqual(['created', 'destroyed'])
    expect((await b.open()).data).toEqual({})
  })

  it('is not undone by a slower request', async () => {
    const { sessions, events } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['user'] = 'ada'))
    const { cookie } = b
    const slow = await b.open()
    slow.data['seen'] = true
    await b.request((s) => s.destroy())
    expect(await sessions.commit(slow)).toEqual([['vary', 'Cookie']])
    expect((await b.open(cookie)).data).toEqual({})
    expect(events.at(-2)).toMatchObject({ type: 'lost', reason: 'destroyed' })
  })
})

describe('renew', () => {
  it('gives a new id and keeps the data; the old id is anonymous', async () => {
    const { sessions, events } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['cart'] = [1]))
    const before = b.cookie
    await b.request((s) => {
      s.data['user'] = 'ada'
      s.renew()
    })
    expect(b.cookie).not.toBe(before)
    expect((await b.open()).data).toEqual({ cart: [1], user: 'ada' })
    expect((await b.open(before)).data).toEqual({})
    expect(types(events)).toContain('renewed')
  })

  it('takes along what others stored under the old id', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['cart'] = [1]))
    const login = await b.open()
    await b.request((s) => (s.data['seen'] = true))
    login.data['user'] = 'ada'
    login.renew()
    await b.commit(login)
    expect((await b.open()).data).toEqual({ cart: [1], seen: true, user: 'ada' })
  })

  it('keeps its cookie from being overwritten by a request with the old id', async () => {
    const { sessions, events } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['cart'] = [1]))
    const old = b.cookie
    const underWay = await b.open()
    await b.request((s) => s.renew())
    underWay.data['x'] = 1
    expect(setCookie(await sessions.commit(underWay))).toEqual([])
    const late = await b.open(old)
    late.data['y'] = 1
    expect(setCookie(await sessions.commit(late))).toEqual([])
    expect(types(events).filter((type) => type === 'lost')).toHaveLength(2)
    expect((await b.open()).data).toEqual({ cart: [1] })
  })

  it('of two at once leaves one session', async () => {
    const { sessions, store } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['cart'] = [1]))
    const [one, two] = [await b.open(), await b.open()]
    for (const session of [one, two]) {
      session.data['user'] = 'ada'
      session.renew()
    }
    await Promise.all([b.commit(one), b.commit(two)])
    expect((await b.open()).data).toEqual({ cart: [1], user: 'ada' })
    const live = []
    for await (const id of store.ids!()) {
      if (!(await store.read(id))?.record.retired) live.push(id)
    }
    expect(live).toHaveLength(1)
  })

  it('loses against a log-out', async () => {
    const { sessions, store } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['user'] = 'ada'))
    const slow = await b.open()
    slow.renew()
    await b.request((s) => s.destroy())
    expect(setCookie(await sessions.commit(slow))).toEqual([])
    const ids = []
    for await (const id of store.ids!()) ids.push(id)
    expect(ids).toEqual([])
  })
})

describe('two requests at once', () => {
  it('keep 50 of 50 keys, and count exactly', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['n'] = 0))
    const open = await Promise.all(Array.from({ length: 50 }, () => b.open()))
    await Promise.all(
      open.map(async (session, index) => {
        session.data[`key${index}`] = index
        session.update((data) => void (data['n'] = (data['n'] as number) + 1))
        return sessions.commit(session)
      }),
    )
    const { data } = await b.open()
    expect(Object.keys(data)).toHaveLength(51)
    expect(data['n']).toBe(50)
  })

  it('mix plain changes and updates in the order they were made', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data = { n: 1, list: [] }))
    const slow = await b.open()
    await b.request((s) => (s.data = { n: 10, list: ['theirs'], other: true }))
    slow.data['before'] = 1
    slow.update((data) => void (data['n'] = (data['n'] as number) * 2))
    slow.data['after'] = 2
    slow.update((data) => void (data['list'] as string[]).push('mine'))
    await b.commit(slow)
    expect((await b.open()).data).toEqual({
      n: 20,
      list: ['theirs', 'mine'],
      other: true,
      before: 1,
      after: 2,
    })
  })

  it('report a conflict with its values, which printing does not show', async () => {
    const { sessions, events } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['theme'] = 'base-value'))
    const slow = await b.open()
    await b.request((s) => (s.data['theme'] = 'their-value'))
    slow.data['theme'] = 'my-value'
    await b.commit(slow)
    const conflict = events.find((event) => event.type === 'conflict')!
    expect(conflict).toMatchObject({ path: ['theme'], winner: 'mine' })
    const { base, mine, theirs } = conflict
    expect([base, mine, theirs]).toEqual(['base-value', 'my-value', 'their-value'])
    expect(JSON.stringify(events)).not.toContain('-value')
    expect((await b.open()).data).toEqual({ theme: 'my-value' })
  })

  it.each([
    ['theirs', 'their'],
    [(c: { mine: unknown; theirs: unknown }) => `${c.mine}+${c.theirs}`, 'my+their'],
  ] as const)('settle a conflict as onConflict %s says', async (onConflict, expected) => {
    const { sessions } = world({ onConflict })
    const b = browser(sessions)
    await b.request((s) => (s.data['theme'] = 'base'))
    const slow = await b.open()
    await b.request((s) => (s.data['theme'] = 'their'))
    slow.data['theme'] = 'my'
    await b.commit(slow)
    expect((await b.open()).data).toEqual({ theme: expected })
  })

  it('keep what a function decides as it is then, whatever becomes of it', async () => {
    const decided = { by: 'us', list: [1] }
    const engine = createEngine({ store: memoryStore(), onConflict: () => decided })
    const one = await engine.create({ n: 0 })
    const two = await engine.retrieve(one.id)
    one.data['n'] = 1
    two!.data['n'] = 2
    await engine.flush(one)
    await engine.flush(two!)
    decided.list.push(2)
    expect((await engine.retrieve(one.id))!.data).toEqual({ n: { by: 'us', list: [1] } })
  })

  it('refuse what a function decides that JSON cannot write, and name the path', async () => {
    const engine = createEngine({ store: memoryStore(), onConflict: () => ({ big: 1n }) })
    const one = await engine.create({ n: 0 })
    const two = await engine.retrieve(one.id)
    one.data['n'] = 1
    two!.data['n'] = 2
    await engine.flush(one)
    await expect(engine.flush(two!)).rejects.toThrow('session.data.n.big: a BigInt')
  })

  it('keep neither value when a function decides for none', async () => {
    const engine = createEngine({ store: memoryStore(), onConflict: () => undefined })
    const one = await engine.create({ n: 0, user: 'ada' })
    const two = await engine.retrieve(one.id)
    one.data['n'] = 1
    two!.data['n'] = 2
    await engine.flush(one)
    await engine.flush(two!)
    expect((await engine.retrieve(one.id))!.data).toEqual({ user: 'ada' })
  })

  it('refuse what is nested so deep that it could not be read again', async () => {
    const engine = createEngine({ store: memoryStore(), maxDepth: 5000 })
    const session = await engine.create({ n: 0 })
    let deep: Record<string, unknown> = {}
    for (let level = 0; level < 1200; level++) deep = { deep }
    session.data['deep'] = deep
    await expect(engine.flush(session)).rejects.toMatchObject({
      code: 'INVALID',
      message: 'Cannot store the session: it is nested deeper than 1000 levels',
    })
    expect((await engine.retrieve(session.id))!.data).toEqual({ n: 0 })
  })

  it('hand over records that are frozen to the bottom', async () => {
    const records: SessionRecord[] = []
    const inner = memoryStore()
    const store: Store = {
      ...inner,
      write(id, record, expected) {
        records.push(record)
        return inner.write(id, record, expected)
      },
    }
    const engine = createEngine({ store })
    const session = await engine.create({ user: { name: 'ada' }, list: [{ n: 1 }] })
    session.flash('note', { text: 'hello' })
    session.data['list'] = [{ n: 1 }, { n: 2 }]
    await engine.flush(session)
    const thawed = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null
        ? [...(Object.isFrozen(value) ? [] : [value]), ...Object.values(value).flatMap(thawed)]
        : []
    expect(records).toHaveLength(2)
    expect(records.flatMap(thawed)).toEqual([])
    expect(records[1]!.flash).toEqual({ note: { text: 'hello' } })
  })

  it('refuse a conflict under onConflict error, and name the path', async () => {
    const { sessions } = world({ onConflict: 'error' })
    const b = browser(sessions)
    await b.request((s) => (s.data['theme'] = 'base'))
    const slow = await b.open()
    await b.request((s) => (s.data['theme'] = 'their'))
    slow.data['theme'] = 'my'
    await expect(sessions.commit(slow)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('session.data.theme'),
    })
  })

  it('removing wins: a log-out by deleting the user stays', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data['user'] = { name: 'ada', seen: 1 }))
    const slow = await b.open()
    await b.request((s) => delete s.data['user'])
    ;(slow.data['user'] as { seen: number }).seen = 2
    await b.commit(slow)
    expect((await b.open()).data).toEqual({})
  })

  it('do not undo what the app changes while it flushes', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data = { a: 0 }))
    const session = await b.open()
    const { data } = session
    await b.request((s) => (s.data['theirs'] = 1))
    data['a'] = 1
    const flushing = sessions.engine.flush(session)
    data['b'] = 2
    data['theirs'] = 'mine after all'
    session.flash('notice', 'kept')
    await flushing
    const expected = { a: 1, b: 2, theirs: 'mine after all' }
    expect(data).toEqual(expected)
    await b.commit(session)
    const after = await b.open()
    expect(after.data).toEqual(expected)
    expect(after.flash('notice')).toBe('kept')
  })
})

describe('values', () => {
  it.each<[string, unknown, string]>([
    ['a Date', new Date(0), 'toISOString'],
    ['a Map', new Map(), 'Object.fromEntries'],
    ['a Set', new Set(), '[...set]'],
    ['a BigInt', 1n, 'BigInt'],
    ['NaN', NaN, 'NaN'],
    ['Infinity', Infinity, 'Infinity'],
    ['a function', () => 1, 'function'],
    ['a symbol', Symbol('x'), 'symbol'],
    ['a class instance', new URL('http://x'), 'URL'],
    ['undefined in an array', [undefined], 'undefined'],
    ['an array with a hole', Object.assign(Array(3), { 0: 1, 2: 2 }), 'holes'],
    ['a match with groups', /x/.exec('x'), 'named members'],
    ['a symbol member', { [Symbol('x')]: 1 }, 'symbol'],
  ])('%s is refused with its path, and says what to do', async (_, value, hint) => {
    const { sessions, calls } = world()
    const session = await browser(sessions).open()
    session.data['cart'] = [{ 'unit price': value }]
    const error = await Promise.resolve(sessions.commit(session)).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'INVALID' })
    expect((error as Error).message).toContain('session.data.cart[0]["unit price"]')
    expect((error as Error).message).toContain(hint)
    expect(calls).toEqual([])
  })

  it('a cycle is refused', async () => {
    const { sessions } = world()
    const session = await browser(sessions).open()
    session.data['self'] = session.data
    await expect(sessions.commit(session)).rejects.toMatchObject({ code: 'INVALID' })
  })

  it('undefined members are absent', async () => {
    const { sessions } = world()
    const b = browser(sessions)
    await b.request((s) => (s.data = { a: 1, b: undefined }))
    expect((await b.open()).data).toEqual({ a: 1 })
  })
})

describe('too late', () => {
  it('a change after the response throws in development, and reading does not', async () => {
    const { sessions, events } = world()
    const b = browser(sessions)
    const session = await b.open()
    session.data['user'] = { name: 'ada' }
    await b.commit(session)
    expect((session.data['user'] as { name: string }).name).toBe('ada')
    const tooLate = expect.objectContaining({ code: 'TOO_LATE' })
    expect(() => (session.data['x'] = 1)).toThrow(tooLate)
    expect(() => ((session.data['user'] as { name: string }).name = 'bob')).toThrow(tooLate)
    expect(() => delete session.data['user']).toThrow(tooLate)
    expect(() => (session.data = {})).toThrow(tooLate)
    expect(() => session.update(() => {})).toThrow(tooLate)
    expect(() => session.flash('a', 1)).toThrow(tooLate)
    expect(() => session.renew()).toThrow(tooLate)
    expect(() => session.destroy()).toThrow(tooLate)
    expect(events.filter((event) => event.type === 'late').map((event) => event.path)).toContain(
      'user.name',
    )
  })
})

describe('a schema', () => {
  const Cart = z.object({ user: z.string().optional(), items: z.array(z.number()).default([]) })

  it('types the data, fills in defaults and stores nothing because of them', async () => {
    const { store, calls } = world()
    const sessions = createSessions({ store, schema: Cart })
    const session = await sessions.open({ headers: { get: () => null } })
    const items: number[] = session.data.items
    expect(items).toEqual([])
    expect(await sessions.commit(session)).toEqual([['vary', 'Cookie']])
    expect(calls).toEqual([])
  })

  it('refuses to store what does not fit, naming the path and not the value', async () => {
    const { store } = world()
    const sessions = createSessions({ store, schema: Cart })
    const session = await sessions.open({ headers: { get: () => null } })
    session.data.items.push('hidden-value' as never)
    const error = await Promise.resolve(sessions.commit(session)).catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining('items[0]'),
    })
    expect((error as Error).message).not.toContain('hidden-value')
  })

  async function stored(onInvalid?: Options['onInvalid']) {
    const { store, events, clock } = world()
    const now = () => clock.now
    const plain = createSessions({ store, now })
    const ticket = (await plain.engine.create({ items: 'none', user: 'ada' })).id
    const sessions = createSessions({
      store,
      schema: Cart,
      now,
      report: (event) => void events.push(event),
      ...(onInvalid && { onInvalid }),
    })
    return { sessions, ticket, events }
  }

  it('discards stored data that does not fit, and reports it', async () => {
    const { sessions, ticket, events } = await stored()
    expect(await sessions.engine.retrieve(ticket)).toBeNull()
    expect(events.at(-1)).toMatchObject({ type: 'invalid', paths: ['items'] })
  })

  it('throws instead, when asked', async () => {
    const { sessions, ticket } = await stored('error')
    await expect(sessions.engine.retrieve(ticket)).rejects.toMatchObject({ code: 'INVALID' })
  })

  it('migrates instead, when given a function', async () => {
    const { sessions, ticket } = await stored((data) => ({ ...data, items: [] }))
    expect((await sessions.engine.retrieve(ticket))?.data).toEqual({ items: [], user: 'ada' })
    const bad = await stored(() => ({ items: 1 }))
    await expect(bad.sessions.engine.retrieve(bad.ticket)).rejects.toMatchObject({
      code: 'INVALID',
    })
  })
})

describe('a store that fails', () => {
  it('fails the request, and is asked to get ready again the next time', async () => {
    const { store } = world()
    let inits = 0
    const failing: Store = {
      ...store,
      init: async () => {
        if (++inits === 1) throw new Error('down')
      },
    }
    const { engine } = createSessions({ store: failing })
    const down = { code: 'STORE', cause: expect.objectContaining({ message: 'down' }) }
    const [one, two] = await Promise.allSettled([engine.init(), engine.init()])
    expect([one, two]).toMatchObject([{ reason: down }, { reason: down }])
    await engine.create()
    expect(inits).toBe(2)
  })

  it('whose listener fails does not fail the request', async () => {
    const { sessions } = world({
      report: () => {
        throw new Error('listener')
      },
    })
    await browser(sessions).request((s) => (s.data['a'] = 1))
  })
})
