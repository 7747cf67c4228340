import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import express from 'express'
import expressSession, { type Session } from 'express-session'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ExpressSessionStore, type ExpressSessionStoreOptions } from '../../src/express-session.ts'
import {
  jsonStore,
  memoryStore,
  sealedCookie,
  VitrineError,
  type SessionEvent,
  type Store,
} from '../../src/index.ts'
import { clientOf, frameworks, pause } from './apps.ts'

let store: Store
let events: SessionEvent[]
let kept: ExpressSessionStore
beforeEach(() => {
  store = memoryStore()
  events = []
  kept = storeWith()
})

function storeWith(options: ExpressSessionStoreOptions = {}, over: Store = store) {
  return new ExpressSessionStore(over, { report: (event) => events.push(event), ...options })
}

/** What a method calls back with. */
function answer<T = unknown>(
  call: (done: (error?: unknown, value?: T | null) => void) => unknown,
): Promise<T | null | undefined> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error instanceof Error ? reject(error) : resolve(value)))
  })
}

type Plain = Record<string, unknown>

const get = (sid: string, from = kept) => answer<Plain>((done) => from.get<Plain>(sid, done))
const set = (sid: string, session: object, to = kept) =>
  answer((done) => to.set(sid, session, done))
const touch = (sid: string, session: object) => answer((done) => kept.touch(sid, session, done))
const destroy = (sid: string) => answer((done) => kept.destroy(sid, done))
const ids = () => answer<string[]>((done) => kept.ids(done))

const cookie = { originalMaxAge: null, expires: null, path: '/' }

describe('the store by itself', () => {
  it('gives back what was set, with a Date for the end of the cookie', async () => {
    const expires = new Date(Date.now() + 60_000)
    await set('a', { cookie: { ...cookie, originalMaxAge: 60_000, expires }, user: 'ada' })
    expect(await get('a')).toEqual({
      cookie: { ...cookie, originalMaxAge: 60_000, expires },
      user: 'ada',
    })
    expect(await get('A')).toBeNull()
    expect(await get('')).toBeNull()
  })

  it('gives a cookie to a session that was stored without one', async () => {
    await set('a', { cookie })
    const [id] = (await ids()) as [string]
    const { record, version } = (await store.read(id))!
    await store.write(id, { ...record, data: { user: 'ada' } }, version)
    const session = (await get('a'))!
    expect(session).toEqual({ cookie: { originalMaxAge: null, expires: null }, user: 'ada' })
    await set('a', { ...session, user: 'grace' })
    expect(await get('a')).toMatchObject({ user: 'grace' })
  })

  it('keeps a cookie without an end as long as the session', async () => {
    kept = storeWith({ idle: Infinity, lifetime: Infinity })
    await set('a', { cookie: { path: '/' } })
    expect(await get('a')).toEqual({ cookie: { path: '/', expires: null } })
    const [id] = (await ids()) as [string]
    expect((await store.read(id))?.record.expiresAt).toBe(Infinity)
  })

  it('takes a snapshot when it is asked to store', async () => {
    const session = { cookie, cart: ['tea'] }
    const done = set('a', session)
    session.cart.push('later')
    await done
    expect(await get('a')).toMatchObject({ cart: ['tea'] })
  })

  it('merges what is set from objects of two reads, and replaces for any other object', async () => {
    await set('a', { cookie, user: 'ada' })
    const [one, two] = [(await get('a'))!, (await get('a'))!]
    one['x'] = 1
    delete two['user']
    await set('a', one)
    await set('a', two)
    expect(await get('a')).toEqual({ cookie, x: 1 })
    await set('a', { cookie, other: true })
    expect(await get('a')).toEqual({ cookie, other: true })
  })

  it('measures each set against the one before it, whatever is serialised in between', async () => {
    await set('a', { cookie, user: 'ada' })
    const session = (await get('a'))!
    session['x'] = 1
    await set('a', session)
    JSON.stringify(session)
    delete session['x']
    await set('a', session)
    expect(await get('a')).toEqual({ cookie, user: 'ada' })
  })

  it('knows a copy of what it gave, made member by member', async () => {
    await set('a', { cookie, user: 'ada' })
    const [one, copy]: [Plain, Plain] = [(await get('a'))!, {}]
    for (const key in one) copy[key] = one[key]
    await destroy('a')
    await set('a', copy)
    expect(await get('a')).toBeNull()
  })

  it('does not take an object of one session for a change of another', async () => {
    await set('a', { cookie, user: 'ada' })
    const session = (await get('a'))!
    await set('b', session)
    await destroy('a')
    expect(await get('b')).toEqual({ cookie, user: 'ada' })
  })

  it('never creates by touch, and changes no data but the cookie', async () => {
    await touch('a', { cookie })
    expect(await ids()).toEqual([])
    await set('a', { cookie, user: 'ada' })
    await touch('a', { cookie: { ...cookie, path: '/shop' }, user: 'eve', more: true })
    expect(await get('a')).toEqual({ cookie: { ...cookie, path: '/shop' }, user: 'ada' })
    await touch('a', {})
    expect(await get('a')).toEqual({ cookie: { ...cookie, path: '/shop' }, user: 'ada' })
    const session = (await get('a'))!
    session['draft'] = true
    await touch('a', session)
    expect(await get('a')).not.toHaveProperty('draft')
    await set('a', session)
    expect(await get('a')).toMatchObject({ draft: true, user: 'ada' })
    await destroy('a')
    await touch('a', session)
    expect(await ids()).toEqual([])
  })

  it('lists sessions by stored ids, and removes them by those', async () => {
    await set('a', { cookie, user: 'ada' })
    await set('b', { cookie, user: 'grace' })
    await set('c', { cookie: { ...cookie, expires: new Date(Date.now() - 1) } })
    const all = (await answer<Session[]>((done) => kept.all<Session>(done)))!
    expect(new Set(all.map(({ user }) => user))).toEqual(new Set(['ada', 'grace']))
    expect(Object.keys(all[0]!)).not.toContain('id')
    for (const session of all) await destroy(session.id)
    expect(await get('a')).toBeNull()
    expect(await get('b')).toBeNull()
  })

  it('does not open a session by its stored id', async () => {
    await set('a', { cookie, user: 'ada' })
    const [id] = (await ids()) as [string]
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(await get(id)).toBeNull()
  })

  it('counts and clears', async () => {
    for (const sid of ['a', 'b', 'c']) await set(sid, { cookie })
    expect(await answer((done) => kept.length(done))).toBe(3)
    await answer((done) => kept.clear(done))
    expect(await answer((done) => kept.length(done))).toBe(0)
    await set('a', { cookie })
    expect(await answer((done) => kept.length(done))).toBe(1)
  })

  it('loads a session with the methods of express-session', async () => {
    await set('a', {
      cookie: { ...cookie, originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) },
    })
    const session = (await answer<Session>((done) => kept.load<Session>('a', done)))!
    expect(session).toBeInstanceOf(
      (expressSession as unknown as { Session: typeof Object }).Session,
    )
    expect(session.id).toBe('a')
    expect(session.cookie.maxAge).toBeGreaterThan(0)
    session['user'] = 'ada'
    await answer((done) => session.save(done))
    expect(await get('a')).toMatchObject({ user: 'ada' })
    expect(await answer((done) => kept.load('b', done))).toBeUndefined()
  })

  it('tells listeners of express-session', () => {
    const heard: string[] = []
    kept.on('disconnect', () => heard.push('disconnect'))
    kept.emit('disconnect')
    expect(heard).toEqual(['disconnect'])
  })

  it('reports what happens, and no value', async () => {
    await set('a', { cookie, user: 'ada' })
    const session = (await get('a'))!
    session['user'] = 'grace'
    await set('a', session)
    await destroy('a')
    expect(events).toMatchObject([
      { type: 'created', changes: [{ op: 'add' }, { op: 'add' }] },
      { type: 'written', revision: 2, merged: false, changes: [{ op: 'change', path: ['user'] }] },
      { type: 'destroyed' },
    ])
    expect(JSON.stringify(events)).not.toMatch(/ada|grace/)
  })
})

describe('two changes to one path', () => {
  async function race(options: ExpressSessionStoreOptions): Promise<unknown> {
    kept = storeWith(options)
    await set('a', { cookie, n: 1 })
    const [one, two] = [(await get('a'))!, (await get('a'))!]
    one['n'] = 2
    two['n'] = 3
    await set('a', one)
    await set('a', two)
    return (await get('a'))!['n']
  }

  it.each<[ExpressSessionStoreOptions['onConflict'], number]>([
    ['mine', 3],
    ['theirs', 2],
    [({ mine, theirs }) => (mine as number) + (theirs as number), 5],
  ])('are settled by onConflict: %s', async (onConflict, expected) => {
    expect(await race({ ...(onConflict && { onConflict }) })).toBe(expected)
  })

  it('are refused by onConflict: error, and what was stored stays', async () => {
    await expect(race({ onConflict: 'error' })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await get('a')).toMatchObject({ n: 2 })
  })
})

describe('the cookie', () => {
  const aged = (age: number, more: object = {}) => ({
    cookie: { ...cookie, originalMaxAge: age, expires: new Date(Date.now() + age), ...more },
  })

  it.each(['mine', 'theirs', 'error'] as const)(
    'of the later save stands, and nobody hears of a conflict: %s',
    async (onConflict) => {
      kept = storeWith({ onConflict })
      await set('a', { ...aged(60_000), user: 'ada' })
      const [one, two] = [(await get('a'))!, (await get('a'))!]
      await set('a', Object.assign(one, aged(100_000, { path: undefined })))
      await set('a', Object.assign(two, aged(200_000, { path: '/shop' })))
      expect(await get('a')).toMatchObject({ user: 'ada', cookie: { originalMaxAge: 200_000 } })
      expect(events.filter(({ type }) => type === 'conflict')).toEqual([])
    },
  )

  it('may lose milliseconds of its age without being written anew', async () => {
    await set('a', { ...aged(60_000), user: 'ada' })
    const session = (await get('a'))!
    await set('a', Object.assign(session, aged(59_998)))
    await set('a', Object.assign(session, aged(59_997)))
    expect(events.map(({ type }) => type)).toEqual(['created'])
    expect(await get('a')).toMatchObject({ cookie: { originalMaxAge: 60_000 } })
  })
})

describe('a session whose time runs out while a request is under way', () => {
  const HOUR = 3_600_000
  let clock: number
  beforeEach(() => {
    clock = 0
    kept = storeWith({ idle: '1h', lifetime: '3h', now: () => Date.now() + clock })
  })

  it('lives on when it was only idle: the request is a use of it', async () => {
    await set('a', { cookie, user: 'ada' })
    const session = (await get('a'))!
    session['late'] = true
    clock = HOUR + 1000
    await set('a', session)
    clock += HOUR - 1000
    expect(await get('a')).toMatchObject({ user: 'ada', late: true })
  })

  it('does not outlive its lifetime', async () => {
    kept = storeWith({ idle: '9h', lifetime: '3h', now: () => Date.now() + clock })
    await set('a', { cookie })
    const session = (await get('a'))!
    session['late'] = true
    clock = 3 * HOUR + 1000
    await set('a', session)
    expect(await get('a')).toBeNull()
  })
})

describe('what goes wrong', () => {
  const broken = new Error('no space left')

  it('is called back as STORE when the store fails', async () => {
    const fails = () => Promise.reject(broken)
    const failing = storeWith({}, { ...memoryStore(), read: fails, write: fails, delete: fails })
    const expected = { code: 'STORE', cause: broken }
    await expect(get('a', failing)).rejects.toMatchObject(expected)
    await expect(set('a', { cookie }, failing)).rejects.toMatchObject(expected)
    await expect(answer((done) => failing.touch('a', {}, done))).rejects.toMatchObject(expected)
    await expect(answer((done) => failing.destroy('a', done))).rejects.toMatchObject(expected)
    await expect(answer((done) => failing.load('a', done))).rejects.toMatchObject(expected)
  })

  it('is reported when nobody takes the callback', async () => {
    const failing = storeWith({}, { ...memoryStore(), delete: () => Promise.reject(broken) })
    failing.destroy('a')
    await expect.poll(() => events).toMatchObject([{ type: 'warning', code: 'STORE_FAILED' }])
  })

  it('is called back as INVALID for what JSON cannot write', async () => {
    const loop: Plain = { cookie }
    loop['self'] = loop
    await expect(set('a', loop)).rejects.toMatchObject({ code: 'INVALID' })
    await expect(set('a', { cookie, big: 1n })).rejects.toMatchObject({ code: 'INVALID' })
    expect(await ids()).toEqual([])
  })

  it('is called back as CONFIG when the store has no way to list or wipe', async () => {
    const { ids: _ids, wipe: _wipe, ...short } = memoryStore()
    const least = storeWith({}, short)
    for (const call of ['all', 'ids', 'length', 'clear'] as const) {
      await expect(answer((done) => least[call](done as never))).rejects.toMatchObject({
        code: 'CONFIG',
      })
    }
  })

  it('is thrown as CONFIG for a store that cannot keep such sessions', () => {
    const secrets = ['a secret of no less than 32 characters']
    const numbers: Store = { ...memoryStore(), accepts: (id) => /^\d+$/.test(id) }
    for (const wrong of [numbers, sealedCookie({ secrets }) as unknown as Store]) {
      expect(() => new ExpressSessionStore(wrong)).toThrow(VitrineError)
    }
    expect(() => storeWith({ idle: -1 })).toThrow(VitrineError)
  })

  it('answers 500 and not for ever', async () => {
    let failing = true
    const flaky: Store = {
      ...store,
      read: (id) => (failing ? Promise.reject(broken) : store.read(id)),
    }
    for (const framework of frameworks) {
      failing = false
      const actions = { put: ({ session }: { session: Plain }) => void (session['user'] = 'ada') }
      const app = await framework.start(storeWith({}, flaky), actions)
      const client = clientOf(app)
      await client.get('/put')
      failing = true
      expect((await client.fetch('/put')).status).toBe(500)
      failing = false
      expect((await client.fetch('/put')).status).toBe(200)
      await app.close()
    }
  })
})

describe('under express-session', () => {
  let server: http.Server
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  async function serve(app: express.Express): Promise<string> {
    server = http.createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  const session = (options: Partial<expressSession.Options> = {}) =>
    expressSession({
      secret: 's',
      resave: false,
      saveUninitialized: false,
      store: kept,
      ...options,
    })
  const sessionOf = (req: object) => (req as { session: Session | null }).session!

  it('answers the request after a redirect with what was stored before it', async () => {
    const saving = pause()
    kept = storeWith(
      {},
      {
        ...store,
        async write(id, record, expected) {
          await saving.wait()
          return store.write(id, record, expected)
        },
      },
    )
    const app = express()
    app.use(session({ saveUninitialized: true }))
    app.get('/login', (req, res) => {
      sessionOf(req)['user'] = 'ada'
      res.redirect('/home')
    })
    app.get('/home', (req, res) => {
      res.json(sessionOf(req)['user'] ?? null)
    })
    const url = await serve(app)
    const redirect = await fetch(`${url}/login`, { redirect: 'manual' }) // as soon as its head is there
    const [cookieSent] = redirect.headers.getSetCookie()
    const home = fetch(`${url}/home`, { headers: { cookie: cookieSent!.split(';')[0]! } })
    await saving.reached
    setTimeout(saving.goOn, 50)
    expect(await (await home).json()).toBe('ada')
    await redirect.arrayBuffer()
  })

  it('removes a session that is set to null, with unset: destroy', async () => {
    const app = express()
    app.use(session({ unset: 'destroy' }))
    app.get('/login', (req, res) => {
      sessionOf(req)['user'] = 'ada'
      res.end()
    })
    app.get('/logout', (req, res) => {
      ;(req as unknown as { session: null }).session = null
      res.end()
    })
    const client = clientOf({ url: await serve(app), close: async () => undefined })
    await (await client.fetch('/login')).text()
    expect(await ids()).toHaveLength(1)
    await (await client.fetch('/logout')).text()
    expect(await ids()).toEqual([])
  })

  it('replaces the session of an id that the app makes itself', async () => {
    const app = express()
    app.use(session({ genid: () => 'the same' }))
    app.get('/login', (req, res) => {
      sessionOf(req)[req.query['key'] as string] = true
      res.end()
    })
    const url = await serve(app)
    await (await fetch(`${url}/login?key=a`)).text()
    await (await fetch(`${url}/login?key=b`)).text()
    expect(await get('the same')).not.toHaveProperty('a')
    expect(await get('the same')).toMatchObject({ b: true })
  })
})

describe('under @fastify/session', () => {
  it('regenerates with the members that the app names', async () => {
    const actions = {
      put: ({ session }: { session: Plain }) =>
        void Object.assign(session, { user: 'ada', cart: 1 }),
      renew: ({ session }: { session: Plain }) =>
        (session['regenerate'] as (keys: string[]) => Promise<void>)(['user']),
      see: ({ session }: { session: Plain }) => [session['user'], session['cart']],
    }
    const app = await frameworks[1]!.start(kept, actions, { rolling: true })
    const client = clientOf(app)
    await client.get('/put')
    await client.get('/renew')
    expect(await client.get('/see')).toEqual(['ada', null])
    expect(await ids()).toHaveLength(1)
    await app.close()
  })
})

describe('the default', () => {
  it('is JSON files in ./sessions that show the session', async () => {
    const home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-')))
    const before = process.cwd()
    process.chdir(home)
    try {
      kept = new ExpressSessionStore()
      await set('Some-Id', { cookie: { ...cookie, httpOnly: true }, user: 'ada' })
      const files = fs.readdirSync('sessions').filter((name) => name.endsWith('.json'))
      expect(files).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)])
      const file = JSON.parse(fs.readFileSync(path.join('sessions', files[0]!), 'utf8')) as Plain
      expect(file).toMatchObject({ data: { cookie: { httpOnly: true, path: '/' }, user: 'ada' } })
      expect(await get('Some-Id', new ExpressSessionStore(jsonStore('sessions')))).toMatchObject({
        user: 'ada',
      })
    } finally {
      process.chdir(before)
      fs.rmSync(home, { recursive: true })
    }
  })
})
