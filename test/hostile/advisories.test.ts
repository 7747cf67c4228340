import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ExpressSessionStore, fromExpressSession } from '../../src/express-session.ts'
import { nodeIo } from '../../src/files.ts'
import {
  cookie,
  createEngine,
  createId,
  createSessions,
  fromDancer,
  jsonStore,
  memoryStore,
  sealedCookie,
  yamlStore,
  type Options,
  type Session,
  type Store,
} from '../../src/index.ts'
import { withSession } from '../../src/web.ts'
import { signer } from '../../src/transports/sign.ts'
import { browser, setCookie, world as appWith } from '../engine/browser.ts'
import { newWorld, prototypes, recordingIo, type World } from './world.ts'

/**
 * Advisories of other libraries, each tried here for real. The number says where the fault was found; the name says
 * what was tried.
 */

const SECRET = 'hG3kPw9sLz6xVb2nMq8jRd5fTy1aCe7o'
const UNKNOWN = 'mfzxg3dpo5xgk4tfmrqw2zlomvzwk4tf'

let world: World
beforeEach(() => {
  world = newWorld()
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  world.remove()
})

const inside = (...parts: string[]) => path.join(world.dir, ...parts)

function open(options: Options, header: string | null): Promise<Session> {
  return createSessions(options).open({ headers: { get: () => header } })
}

/** Logs somebody in. @returns the `Cookie` header that the browser sends from then on */
async function login(options: Options, user = 'ada'): Promise<string> {
  const client = browser(createSessions(options))
  await client.request((session) => {
    session.data['user'] = user
  })
  return client.cookie as string
}

const config = expect.objectContaining({ code: 'CONFIG' }) as Error

describe('ids that can be guessed', () => {
  it('CVE-2026-5080 (Dancer): with the clock, the process and Math.random known, ids stay unknown', () => {
    const made = () => {
      vi.spyOn(Math, 'random').mockReturnValue(0.5)
      vi.spyOn(Date, 'now').mockReturnValue(1_795_000_000_000)
      return [createId(), fromDancer({ session: 'Simple' }).createId!()]
    }
    const ids = Array.from({ length: 1000 }, made).flat()
    expect(new Set(ids).size).toBe(2000)
    expect(Math.random).not.toHaveBeenCalled()
  })

  it('CVE-2026-13577 (Dancer2): without a secure generator there is no id, and no weaker one', () => {
    vi.stubGlobal('crypto', undefined)
    const random = vi.spyOn(Math, 'random')
    expect(() => createId()).toThrow()
    expect(() => fromDancer({ session: 'Simple' }).createId!()).toThrow()
    expect(random).not.toHaveBeenCalled()
  })

  it('CVE-2025-40923 (Plack): no id is the hash of something that can be known', () => {
    const asked: number[] = []
    const real = crypto.getRandomValues.bind(crypto)
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((target) => {
      asked.push((target as Uint8Array).byteLength)
      return real(target)
    })
    createId()
    fromDancer({ session: 'Simple' }).createId!()
    expect(asked).toEqual([20, 16])
  })
})

describe('ids that are paths, commands or code', () => {
  const ways = [
    '../victim',
    '..%2fvictim',
    '..\\victim',
    'beside/victim',
    '/etc/passwd',
    'victim.json\0',
  ]

  it('CVE-2025-61686 (React Router): an unsigned cookie with a way out reads nothing outside', async () => {
    const calls: string[] = []
    const store = jsonStore({ dir: world.dir, io: recordingIo(calls) })
    await store.init!(() => {})
    calls.length = 0
    for (const way of ways) {
      const session = await open({ store }, `id=${way}`)
      expect(session.isNew).toBe(true)
      expect(session.data).toEqual({})
    }
    expect(calls).toEqual([])
  })

  it('GO-2024-2730 (gorilla/sessions): nothing outside is written or removed, signed or not', async () => {
    const before = world.outside()
    for (const store of [jsonStore(world.dir), yamlStore(world.dir)]) {
      await store.init!(() => {})
      for (const way of ways) {
        const record = { data: {}, createdAt: 1, expiresAt: 9e15, revision: 1 }
        expect(await store.write(way, record, null)).toBeNull()
        await store.delete(way)
      }
    }
    for (const way of ['..', '.', '...', '~']) {
      const signed = await signer([SECRET]).sign(way, 'id')
      const options = { store: jsonStore(world.dir), transport: cookie({ secrets: [SECRET] }) }
      expect((await open(options, `id=${signed}`)).isNew).toBe(true)
    }
    expect(world.outside()).toEqual(before)
  })

  it('CVE-2020-9484 (Tomcat): a file that somebody uploaded next door is no session', async () => {
    const upload = { id: UNKNOWN, created: '2026-01-01', expires: 'never', data: { user: 'admin' } }
    fs.writeFileSync(path.join(world.parent, 'beside', `${UNKNOWN}.json`), JSON.stringify(upload))
    const engine = createEngine({ store: jsonStore(world.dir) })
    for (const way of ['../beside/', './../beside/', `${world.parent}/beside/`]) {
      expect(await engine.retrieve(way + UNKNOWN)).toBeNull()
    }
  })

  it('CVE-2018-25160 (HTTP::Session2): a command in an id does not reach the store', async () => {
    const calls: string[] = []
    const answer = (id: string, ...rest: unknown[]) => {
      calls.push(id)
      ;(rest.at(-1) as () => void)()
    }
    const store = fromExpressSession({ get: answer, set: answer, destroy: answer })
    for (const id of [
      `${UNKNOWN}\r\nflush_all`,
      `${UNKNOWN} 0 0 5`,
      `${UNKNOWN}\r\nset x 0 0 1\r\n1`,
    ]) {
      expect(await store.read(id)).toBeNull()
      await store.delete(id)
      expect(await createEngine({ store }).retrieve(id)).toBeNull()
    }
    expect(calls).toEqual([])
  })

  it('Dancer2 before 0.206: what a file says about classes and code is never obeyed', async () => {
    fs.mkdirSync(world.dir)
    const id = '294738561029384756102938475610293847561'
    const text = `--- !!perl/hash:Evil::Class\nid: ${id}\na: !!perl/code "{ system 'id' }"\nb: !!js/function "x"\n`
    fs.writeFileSync(inside(`${id}.yml`), text)
    const engine = createEngine({ store: yamlStore({ dir: world.dir, layout: 'dancer' }) })
    expect((await engine.retrieve(id))?.data).toEqual({ a: null, b: 'x' })
  })
})

describe('sessions that come from the client, or come back', () => {
  it('CVE-2024-38513 (Fiber): an id that the client made up is not adopted', async () => {
    for (const store of [jsonStore(world.dir), memoryStore()]) {
      const client = browser(createSessions({ store }))
      await client.request((session) => {
        session.data['user'] = 'ada'
      }, `id=${UNKNOWN}`)
      expect(client.cookie).toMatch(/^id=/)
      expect(client.cookie).not.toContain(UNKNOWN)
      expect(await store.read(UNKNOWN)).toBeNull()
    }
  })

  it('CVE-2015-5143 (Django): a flood of unknown ids leaves nothing in the store', async () => {
    const store = jsonStore(world.dir)
    const sessions = createSessions({ store })
    for (let n = 0; n < 300; n++) {
      const session = await sessions.open({ headers: { get: () => `id=${createId()}` } })
      void session.data['user']
      expect(setCookie(await sessions.commit(session))).toEqual([])
    }
    for await (const id of store.ids!()) expect.unreachable(id)
  })

  it('CVE-2025-46336 (Rack::Session::Pool): a slow request does not bring a session back after log-out', async () => {
    for (const store of [jsonStore(world.dir), memoryStore()]) {
      const header = await login({ store })
      const sessions = createSessions({ store })
      const request = { headers: { get: () => header } }
      const [slow, logout] = [await sessions.open(request), await sessions.open(request)]
      logout.destroy()
      await sessions.commit(logout)
      slow.data['late'] = true
      expect(setCookie(await sessions.commit(slow))).toEqual([])
      expect((await sessions.open(request)).isNew).toBe(true)
    }
  })

  it('CVE-2025-32441 (Rack): nor does one that is renewed, kept or flushed meanwhile', async () => {
    const store = memoryStore()
    for (const act of [
      (session: Session) => session.renew(),
      (session: Session) => session.keep({ idle: '1d' }),
      (session: Session) => session.flash('note', 'late'),
    ]) {
      const header = await login({ store })
      const sessions = createSessions({ store })
      const request = { headers: { get: () => header } }
      const [slow, logout] = [await sessions.open(request), await sessions.open(request)]
      logout.destroy()
      await sessions.commit(logout)
      act(slow)
      slow.data['late'] = true
      await sessions.commit(slow)
      await expect(sessions.engine.flush(slow)).rejects.toMatchObject({ code: 'DESTROYED' })
      expect((await sessions.open(request)).isNew).toBe(true)
      for await (const id of store.ids!()) {
        expect((await store.read(id))?.record.data).toEqual({})
      }
    }
  })

  it('CVE-2022-25896 (passport): the id from before the log-in sees nothing after it', async () => {
    const store = memoryStore()
    const planted = await login({ store }, 'nobody')
    const client = browser(createSessions({ store }))
    const session = await client.open(planted)
    session.renew()
    session.data['user'] = 'ada'
    await client.commit(session)
    expect(client.cookie).not.toBe(planted)
    expect((await open({ store }, planted)).data).toEqual({})
    expect((await open({ store }, client.cookie)).data).toEqual({ user: 'ada' })
  })

  it('CVE-2024-35220 (@fastify/session): a session that is over is none, though nobody swept', async () => {
    for (const store of [
      jsonStore(world.dir),
      yamlStore(world.dir),
      memoryStore({ now: () => 0 }),
    ]) {
      const header = await login({ store, now: () => 1_000_000, idle: '10s' })
      expect((await open({ store, now: () => 1_009_999 }, header)).data).toEqual({ user: 'ada' })
      expect((await open({ store, now: () => 1_010_000 }, header)).isNew).toBe(true)
    }
  })

  it('CVE-2024-31999 (@fastify/secure-session): a copy of a cookie does not open for ever', async () => {
    const store = sealedCookie({ secrets: [SECRET] })
    const header = await login({ store, now: () => 1_000_000, idle: '1h', lifetime: '2h' })
    expect((await open({ store, now: () => 1_000_000 + 3_599_999 }, header)).isNew).toBe(false)
    expect((await open({ store, now: () => 1_000_000 + 3_600_000 }, header)).isNew).toBe(true)
    const forever = { store, now: () => 1_000_000 + 3_600_000, idle: Infinity, lifetime: Infinity }
    expect((await open(forever, header)).isNew).toBe(true)
  })

  it('CVE-2022-46170 (CodeIgniter): the session of one cookie is none under another name', async () => {
    const server = memoryStore()
    const signed = (name: string) => ({
      store: server,
      transport: cookie({ name, secrets: [SECRET] }),
    })
    const client = sealedCookie({ secrets: [SECRET] })
    const sealed = (name: string) => ({ store: client, transport: cookie({ name }) })
    for (const options of [signed, sealed]) {
      const header = await login(options('user'))
      expect((await open(options('user'), header)).data).toEqual({ user: 'ada' })
      expect((await open(options('admin'), header.replace('user=', 'admin='))).isNew).toBe(true)
    }
  })

  it('session-file-store pull request 55: touching rolls nothing back and makes nothing', async () => {
    const { sessions, clock, store } = appWith({ store: jsonStore(world.dir), idle: '1h' })
    const client = browser(sessions)
    await client.request((session) => {
      session.data['n'] = 1
    })
    clock.now += 600_000
    const [idle, busy] = [await client.open(), await client.open()]
    busy.data['n'] = 2
    await sessions.commit(busy)
    await sessions.commit(idle)
    expect((await client.open()).data).toEqual({ n: 2 })
    expect(await store.touch!(UNKNOWN, clock.now, 'version')).toBeNull()
    expect(await store.read(UNKNOWN)).toBeNull()
  })
})

describe('secrets and tickets', () => {
  const sealer = sealedCookie({ secrets: [SECRET] })

  it('CVE-2026-39324 (Rack::Session::Cookie): what does not decrypt is read in no other way', async () => {
    const data = { id: UNKNOWN, created: 1, expires: 9e15, revision: 1, data: { user: 'admin' } }
    const json = JSON.stringify(data)
    for (const text of [
      json,
      Buffer.from(json).toString('base64'),
      Buffer.from(json).toString('base64url'),
    ]) {
      expect(await sealer.unseal(text, 'id')).toBeNull()
      expect((await open({ store: sealer }, `id=${text}`)).isNew).toBe(true)
    }
    expect(await sealer.unseal('\u0004\b{\u0006I"\tuser\u0006:\u0006ET', 'id')).toBeNull()
  })

  it.each([
    ['CVE-2014-125112 (Plack): without a secret', undefined],
    ['CVE-2024-58134 (Mojolicious): with the name of the app', ['MyApp']],
    [
      'CVE-2024-58135 (Mojolicious): with what everybody has',
      ['your-secret-key-change-me-please-now!'],
    ],
    ['CVE-2014-125112 (Plack): with an empty one', ['']],
  ])('%s nothing is sealed and nothing is signed', (_, secrets) => {
    expect(() => sealedCookie({ secrets: secrets as string[] })).toThrow(config)
    expect(() => cookie({ secrets: secrets as string[] })).toThrow(config)
  })

  it('CVE-2020-36829 (Mojolicious): a signature of another length is not compared at all', async () => {
    const { sign, verify } = signer([SECRET])
    const ticket = await sign(UNKNOWN, 'id')
    const compare = vi.spyOn(crypto.subtle, 'verify')
    for (let length = 0; length < 43; length++) {
      expect(await verify(ticket.slice(0, UNKNOWN.length + 1 + length), 'id')).toBeNull()
    }
    for (const more of ['A', 'AA', 'AAAA', 'A'.repeat(43)]) {
      expect(await verify(ticket + more, 'id')).toBeNull()
    }
    expect(compare).not.toHaveBeenCalled()
    expect(await verify(ticket, 'id')).toBe(UNKNOWN)
  })

  it('Mojolicious before 9.19: a cookie does not tell how little is in it', async () => {
    const record = { id: UNKNOWN, createdAt: 1000, expiresAt: 9000, revision: 1 }
    const lengths = await Promise.all(
      ['', 'a', 'ada', 'ada lovelace', 'administrator'].map(
        async (user) => (await sealer.seal({ ...record, data: { user } }, 'id')).length,
      ),
    )
    expect(new Set(lengths).size).toBe(1)
  })

  it('CVE-2019-16782 (Rack): who sees what the store looks things up by cannot be anybody', async () => {
    const options = { store: jsonStore(world.dir), transport: cookie({ secrets: [SECRET] }) }
    await login(options)
    const name = fs.readdirSync(world.dir).find((file) => file.endsWith('.json'))
    const id = path.basename(name as string, '.json')
    for (const guess of [id, `${id}.`, `${id}.${'A'.repeat(43)}`, name]) {
      expect((await open(options, `id=${guess}`)).isNew).toBe(true)
    }
  })

  it('activerecord-session_store pull request 151: the hash that is stored is no id', async () => {
    const inner = memoryStore()
    const store = new ExpressSessionStore(inner)
    const done = <T>(ask: (callback: (error?: unknown, value?: T) => void) => void) =>
      new Promise<T | undefined>((resolve) => ask((_, value) => resolve(value)))
    await done((callback) => store.set('public-id', { cookie: {}, user: 'ada' }, callback))
    for await (const hash of inner.ids!()) {
      expect(hash).toMatch(/^[0-9a-f]{64}$/)
      expect(await done((callback) => store.get(hash, callback))).toBeNull()
    }
    expect(await done((callback) => store.get('public-id', callback))).toMatchObject({
      user: 'ada',
    })
  })
})

describe('cookies', () => {
  it('CVE-2012-5572 (Dancer): a line break in the name makes no header of its own', () => {
    for (const name of ['a\r\nSet-Cookie: b=1', 'a\nb', 'a\r', 'a\0', 'a b', 'a;b']) {
      expect(() => cookie({ name })).toThrow(config)
    }
    expect(() => fromDancer({ session: 'Simple', session_name: 'a\r\nSet-Cookie: b=1' })).toThrow(
      config,
    )
    expect(fromDancer({ session: 'Simple', session_name: 'a\r\nb' }).transport!.name).toBe('ab')
  })

  it('CVE-2024-47764 (cookie): nothing in name, path or domain begins an attribute of its own', () => {
    for (const odd of [
      '<script>',
      'a; Domain=evil',
      'a;Path=/',
      'a,b=1',
      'a\u0085',
      '\u00a0a',
      'a\u2028',
    ]) {
      expect(() => cookie({ name: odd })).toThrow(config)
      expect(() => cookie({ domain: odd })).toThrow(config)
      if (odd !== '<script>') expect(() => cookie({ path: odd })).toThrow(config)
      expect(() => cookie({ path: `/${odd}` })).toThrow(config)
    }
  })

  it('CVE-2026-39410 (Hono): a blank that is no blank makes no other cookie ours', async () => {
    const store = memoryStore()
    const value = (await login({ store })).replace('id=', '')
    const session = (name: string) => {
      const request = { secure: true, headers: { get: () => `${name}=${value}` } }
      return createSessions({ store }).open(request)
    }
    expect((await session('__Host-id')).isNew).toBe(false)
    for (const blank of [
      '\u00a0',
      '\ufeff',
      '\u0085',
      '\u2028',
      '\u3000',
      '\v',
      '\f',
      '\0',
      '\u180e',
    ]) {
      expect((await session(`${blank}__Host-id`)).isNew).toBe(true)
      expect((await session(`__Host-id${blank}`)).isNew).toBe(true)
    }
  })

  it('GHSA-q5pr-72pq-83v3 (h3): there are no chunks to count, and too much is an error at once', async () => {
    const store = sealedCookie({ secrets: [SECRET] })
    for (const count of ['999999', '-1', 'NaN', '1e9', '0x7fffffff', '2']) {
      const header = `id=__chunked__${count}; id.1=x; id.2=y; id-1=z`
      expect((await open({ store }, header)).isNew).toBe(true)
    }
    await expect(login({ store }, 'x'.repeat(20_000))).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })

  it('CVE-2023-30861 (Flask): a cookie that is only refreshed may not be kept by a shared cache', async () => {
    const clock = { now: 1_800_000_000_000 }
    const store = memoryStore({ now: () => clock.now })
    const handle = withSession({ store, now: () => clock.now, idle: '1h' })
    const login = await handle((_, session) => {
      session.data['user'] = 'ada'
      return new Response('hello')
    })(new Request('http://localhost/'))
    clock.now += 600_000
    const headers = { cookie: login.headers.getSetCookie()[0]!.split(';')[0]! }
    const refreshed = await handle(
      () => new Response('same for all', { headers: { 'cache-control': 'public, max-age=60' } }),
    )(new Request('http://localhost/', { headers }))
    expect(refreshed.headers.getSetCookie()).toHaveLength(1)
    expect(refreshed.headers.get('cache-control')).not.toMatch(/public/)
    expect(refreshed.headers.get('cache-control')).toMatch(/private|no-store/)
    const read = await handle((_, session) => new Response(String(session.data['user'])))(
      new Request('http://localhost/', { headers }),
    )
    expect(read.headers.get('vary')).toMatch(/cookie/i)
  })

  it('CVE-2026-22030 (React Router): by default no other site sends the cookie along with a form', async () => {
    const sessions = createSessions({ store: memoryStore() })
    const session = await sessions.open({ headers: { get: () => null } })
    session.data['user'] = 'ada'
    const [line] = setCookie(await sessions.commit(session))
    expect(line).toMatch(/; HttpOnly(;|$)/)
    expect(line).toMatch(/; SameSite=Lax(;|$)/)
    expect(() => cookie({ sameSite: 'none', secure: false })).toThrow(config)
  })
})

describe('files', () => {
  const modeOf = (file: string) => (fs.lstatSync(file).mode & 0o777).toString(8)

  it('CVE-2019-16354 (Beego): nobody else can read a session, whatever the umask', async () => {
    const umask = process.umask(0)
    try {
      const { id } = await createEngine({ store: jsonStore(world.dir) }).create({ user: 'ada' })
      expect(modeOf(world.dir)).toBe('700')
      expect(modeOf(inside('.vitrine'))).toBe('700')
      expect(modeOf(inside(`${id}.json`))).toBe('600')
    } finally {
      process.umask(umask)
    }
  })

  it('CVE-2019-16355 (Beego): not even for the moment in which it is made', async () => {
    const modes: (number | undefined)[] = []
    const made: number[] = []
    const io = {
      ...nodeIo,
      open: (file: string, flags: number, mode?: number) => {
        if (flags & fs.constants.O_CREAT) modes.push(mode)
        return nodeIo.open(file, flags, mode)
      },
      mkdir: (file: string, mode: number) => {
        made.push(mode)
        nodeIo.mkdir(file, mode)
      },
    }
    await createEngine({ store: jsonStore({ dir: world.dir, io }) }).create({ user: 'ada' })
    expect(new Set(modes)).toEqual(new Set([0o600]))
    expect(new Set(made)).toEqual(new Set([0o700]))
  })

  it('CVE-2006-1279 (CGI::Session): links where a session or its temporary file will be lead nowhere', async () => {
    const flags: number[] = []
    const names: string[] = []
    const io = {
      ...nodeIo,
      open: (file: string, how: number, mode?: number) => {
        if (file.startsWith(inside('.vitrine', 'tmp')) && !file.endsWith('free')) {
          flags.push(how)
          names.push(path.basename(file))
        }
        return nodeIo.open(file, how, mode)
      },
    }
    const store: Store = jsonStore({ dir: world.dir, io })
    await store.init!(() => {})
    const before = world.outside()
    fs.symlinkSync(path.join(world.parent, 'victim.json'), inside(`${UNKNOWN}.json`))
    await store.write(UNKNOWN, { data: {}, createdAt: 1, expiresAt: 9e15, revision: 1 }, null)
    await createEngine({ store }).create({ user: 'ada' })
    expect(world.outside()).toEqual(before)
    const { O_EXCL, O_NOFOLLOW } = fs.constants
    expect(flags.length).toBeGreaterThan(1)
    expect(flags.every((how) => how & O_EXCL && how & O_NOFOLLOW)).toBe(true)
    expect(names.every((name) => /^[a-z2-7]{32}-/.test(name))).toBe(true)
  })

  it('CVE-2022-23181 (Tomcat): a file that becomes a link after it was looked at is not followed', async () => {
    const { id } = await createEngine({ store: jsonStore(world.dir) }).create({ user: 'ada' })
    const file = inside(`${id}.json`)
    const copy = path.join(world.parent, 'copy')
    fs.copyFileSync(file, copy)
    const io = {
      ...nodeIo,
      open: (name: string, flags: number, mode?: number) => {
        if (name === file && fs.lstatSync(file).isFile()) {
          fs.rmSync(file)
          fs.symlinkSync(copy, file)
        }
        return nodeIo.open(name, flags, mode)
      },
    }
    expect(await createEngine({ store: jsonStore({ dir: world.dir, io }) }).retrieve(id)).toBeNull()
    expect(fs.readFileSync(copy, 'utf8')).toContain('ada')
  })

  it('CVE-2025-24813 (Tomcat): a session file under the name of another session is none', async () => {
    const engine = createEngine({ store: jsonStore(world.dir) })
    const { id } = await engine.create({ user: 'admin' })
    fs.copyFileSync(inside(`${id}.json`), inside(`${UNKNOWN}.json`))
    fs.copyFileSync(inside(`${id}.json`), inside(`.${id}.json`))
    expect(await engine.retrieve(UNKNOWN)).toBeNull()
    expect(await engine.retrieve(`.${id}`)).toBeNull()
  })
})

describe('content', () => {
  it('CVE-2025-64718 (js-yaml): a merge key changes no prototype', async () => {
    const before = prototypes()
    fs.mkdirSync(world.dir)
    const time = new Date().toISOString()
    const data =
      '{<<: {__proto__: {admin: true}}, __proto__: {admin: true}, a: {<<: [{__proto__: {b: 1}}]}}'
    const text = `id: ${UNKNOWN}\ncreated: ${time}\nexpires: never\nrevision: 1\ndata: ${data}\n`
    fs.writeFileSync(inside(`${UNKNOWN}.yml`), text)
    const session = await createEngine({ store: yamlStore(world.dir) }).retrieve(UNKNOWN)
    expect(Object.keys(session!.data)).toEqual(['<<', '__proto__', 'a'])
    expect(session!.data['admin']).toBeUndefined()
    expect(prototypes()).toBe(before)
  })

  it.each(['json', 'yml'])(
    'CVE-2026-14803 (Mojo::JSON): a .%s file of brackets alone is no session, again and again',
    async (extension) => {
      const store = extension === 'json' ? jsonStore(world.dir) : yamlStore(world.dir)
      const engine = createEngine({ store })
      await engine.init()
      for (const text of [
        '['.repeat(1000),
        '['.repeat(500_000),
        `${'['.repeat(9000)}${']'.repeat(9000)}`,
      ]) {
        for (let times = 0; times < 3; times++) {
          fs.writeFileSync(inside(`${UNKNOWN}.${extension}`), text)
          expect(await engine.retrieve(UNKNOWN)).toBeNull()
        }
      }
    },
  )

  it('koa-session: a change that a short checksum does not see is stored', async () => {
    // of one length and one CRC-32
    const [before, after] = ['plumless', 'buckeroo']
    for (const store of [memoryStore(), sealedCookie({ secrets: [SECRET] })]) {
      const client = browser(createSessions({ store }))
      await client.request((session) => {
        session.data['user'] = before
      })
      await client.request((session) => {
        session.data['user'] = after
      })
      expect((await client.open()).data).toEqual({ user: after })
    }
  })
})
