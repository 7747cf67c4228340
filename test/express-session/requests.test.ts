import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ExpressSessionStore } from '../../src/express-session.ts'
import { jsonStore, memoryStore, type SessionEvent, type Store } from '../../src/index.ts'
import {
  barrier,
  clientOf,
  frameworks,
  pause,
  type Actions,
  type App,
  type Client,
  type Context,
  type Live,
  type Settings,
} from './apps.ts'

const HOUR = 3_600_000

let dir: string
let apps: App[]
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-'))
  apps = []
})
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()))
  fs.rmSync(dir, { recursive: true, force: true })
})

/** What every app under test can do. */
const basics = {
  put({ session, query }: Context) {
    session[query['key'] as string] = query['value'] ?? 'true'
  },
  remove({ session, query }: Context) {
    delete session[query['key'] as string]
  },
  see({ session }: Context) {
    return Object.fromEntries(Object.entries(session).filter(([key]) => key !== 'cookie'))
  },
  look: () => undefined,
  logout: ({ destroy }: Context) => destroy(),
  renew: ({ regenerate }: Context) => regenerate(),
}

const keys = Array.from({ length: 50 }, (_, index) => `k${index}`)

describe.each(frameworks)('$name alone', (framework) => {
  it('loses 49 of 50 keys that are put at once: this is what the tests below are about', async () => {
    const together = barrier(50)
    const app = await framework.start(null, {
      ...basics,
      async together(context: Context) {
        await together()
        basics.put(context)
      },
    })
    apps.push(app)
    const client = clientOf(app)
    await client.get('/put?key=user')
    await Promise.all(keys.map((key) => client.get(`/together?key=${key}`)))
    expect(Object.keys((await client.get('/see')) as object)).toHaveLength(2)
  })
})

const stores: readonly { readonly kind: string; readonly make: () => Store }[] = [
  { kind: 'JSON files', make: () => jsonStore(dir) },
  { kind: 'memory', make: () => memoryStore() },
]

const matrix = frameworks.flatMap((framework) => stores.map((store) => ({ framework, ...store })))

describe.each(matrix)('$framework.name over $kind', ({ framework, make }) => {
  let store: Store
  let events: SessionEvent[]
  let kept: ExpressSessionStore
  let clock: number
  beforeEach(() => {
    store = make()
    events = []
    clock = 0
    kept = new ExpressSessionStore(store, {
      report: (event) => events.push(event),
      now: () => Date.now() + clock,
    })
  })

  async function start(actions: Actions = {}, settings?: Settings): Promise<Client> {
    const app = await framework.start(kept, { ...basics, ...actions }, settings)
    apps.push(app)
    return clientOf(app)
  }

  async function storedIds(): Promise<string[]> {
    const ids: string[] = []
    for await (const id of store.ids!()) ids.push(id)
    return ids
  }

  async function stored() {
    const ids = await storedIds()
    expect(ids).toHaveLength(1)
    const found = await store.read(ids[0]!)
    return { id: ids[0]!, ...found! }
  }

  function told(type: SessionEvent['type']): SessionEvent[] {
    return events.filter((event) => event.type === type)
  }

  it('keeps 50 of 50 keys that are put at once', async () => {
    const together = barrier(50)
    const client = await start({
      async together(context) {
        await together()
        basics.put(context)
      },
    })
    await client.get('/put?key=user')
    await Promise.all(keys.map((key) => client.get(`/together?key=${key}`)))
    expect(Object.keys((await client.get('/see')) as object).sort()).toEqual(
      ['user', ...keys].sort(),
    )
    expect(told('conflict')).toEqual([])
  })

  it('counts exactly to 50 at once, beside 50 keys', async () => {
    const together = barrier(50)
    const client = await start({
      async together(context: Context) {
        await together()
        kept.update(context.session, (session) => {
          session.n = Number(session.n ?? 0) + 1
        })
        basics.put(context)
      },
    })
    await client.get('/put?key=user')
    await Promise.all(keys.map((key) => client.get(`/together?key=${key}`)))
    const { record } = await stored()
    expect(record.data['n']).toBe(50)
    expect(keys.filter((key) => key in record.data)).toHaveLength(50)
  })

  it('counts exactly also when one request counts, saves and counts again', async () => {
    const together = barrier(10)
    const once = (session: Live) => void (session.n = Number(session.n ?? 0) + 1)
    const client = await start({
      async twice({ session, save }: Context) {
        await together()
        kept.update(session, once)
        await save()
        kept.update(session, once)
      },
    })
    await client.get('/put?key=user')
    await Promise.all(Array.from({ length: 10 }, () => client.get('/twice')))
    expect((await stored()).record.data['n']).toBe(20)
  })

  it('keeps 50 of 50 keys that are posted at once, with bodies that come late', async () => {
    const together = barrier(50)
    const client = await start({
      async together({ session, body }) {
        await together()
        Object.assign(session, body)
      },
    })
    await client.get('/put?key=user')
    await Promise.all(
      keys.map((key, index) => postSlowly(client, { [key]: 'x'.repeat(index * 100) })),
    )
    expect(Object.keys((await client.get('/see')) as object).sort()).toEqual(
      ['user', ...keys].sort(),
    )
  })

  /** Sends the head, waits until the session was read, and only then the body. */
  async function postSlowly(client: Client, body: object): Promise<void> {
    const app = apps.at(-1)!
    const text = JSON.stringify(body)
    const request = http.request(`${app.url}/together`, {
      method: 'POST',
      headers: {
        cookie: client.cookie,
        'content-type': 'application/json',
        'content-length': text.length,
      },
    })
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.on('response', resolve).on('error', reject)
    })
    request.flushHeaders()
    await new Promise((resolve) => setTimeout(resolve, 50))
    request.write(text.slice(0, 3))
    await new Promise((resolve) => setTimeout(resolve, 20))
    request.end(text.slice(3))
    const response = await answered
    expect(response.statusCode).toBe(200)
    response.resume()
    await new Promise((resolve) => response.on('end', resolve))
  }

  it('stores nothing for requests that put nothing in', async () => {
    const client = await start()
    await Promise.all(keys.map(() => client.get('/see')))
    expect(client.cookie).toBe('')
    expect(await storedIds()).toEqual([])
  })

  it('lets nobody see the id in the store', async () => {
    const client = await start()
    await client.get('/put?key=user')
    const sid = decodeURIComponent(client.cookie.split('=')[1]!).replace(/^s:/, '').split('.')[0]!
    const { id, record } = await stored()
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify({ id, record, events })).not.toContain(sid)
  })

  it('hands out nothing but what the app put in', async () => {
    const client = await start({
      members({ session }) {
        const all = []
        for (const key in session) all.push(key)
        return { all, own: Object.keys(session), toJSON: 'toJSON' in session }
      },
    })
    await client.get('/put?key=user')
    const { all, own, toJSON } = (await client.get('/members')) as Record<string, string[]>
    expect(own!.sort()).toEqual(['cookie', 'user'])
    expect(all!.sort()).toEqual(['cookie', 'user'])
    expect(toJSON).toBe(false)
  })

  it('stays logged out when a slower request stores afterwards', async () => {
    const slow = pause()
    const client = await start({
      async slow({ session }) {
        await slow.wait()
        session['late'] = true
      },
    })
    await client.get('/put?key=user&value=ada')
    const before = client.cookie
    const answer = clientOf(apps[0]!, before).get('/slow')
    await slow.reached
    await client.get('/logout')
    slow.goOn()
    await answer
    expect(await storedIds()).toEqual([])
    expect(await clientOf(apps[0]!, before).get('/see')).toEqual({})
    expect(told('lost')).toMatchObject([{ reason: 'destroyed' }])
  })

  it('stays logged out when a slower request only looked', async () => {
    const slow = pause()
    const client = await start({ slow: () => slow.wait() })
    await client.get('/put?key=user&value=ada')
    clock = HOUR // time for a touch
    const answer = clientOf(apps[0]!, client.cookie).get('/slow')
    await slow.reached
    await client.get('/logout')
    slow.goOn()
    await answer
    expect(await storedIds()).toEqual([])
    expect(told('lost')).toEqual([])
  })

  it('regenerates: a new id without the old data, and the old id is gone', async () => {
    const slow = pause()
    const client = await start({
      async slow({ session }) {
        await slow.wait()
        session['late'] = true
      },
      async login({ regenerate, ...context }) {
        await regenerate()
        return Object.keys(context)
      },
      async enter(context) {
        await context.regenerate()
        context.session['user'] = 'ada'
      },
    })
    await client.get('/put?key=cart')
    const before = client.cookie
    const answer = clientOf(apps[0]!, before).get('/slow')
    await slow.reached
    await client.get('/enter')
    expect(client.cookie).not.toBe(before)
    slow.goOn()
    await answer
    expect(await client.get('/see')).toEqual({ user: 'ada' })
    expect(await clientOf(apps[0]!, before).get('/see')).toEqual({})
    expect(await storedIds()).toHaveLength(1)
  })

  it('saves twice in one request, and what another request stored in between stays', async () => {
    const between = pause()
    const client = await start({
      async twice({ session, save }) {
        session['a'] = 1
        session['temporary'] = true
        await save()
        await between.wait()
        session['a'] = 2
        delete session['temporary']
        await save()
        session['end'] = true
      },
    })
    await client.get('/put?key=user')
    const answer = client.get('/twice')
    await between.reached
    expect(await client.get('/see')).toEqual({ user: 'true', a: 1, temporary: true })
    await client.get('/put?key=b')
    between.goOn()
    await answer
    expect(await client.get('/see')).toEqual({ user: 'true', a: 2, b: 'true', end: true })
    expect(told('conflict')).toEqual([])
  })

  it('saves twice at once, the first time of all too', async () => {
    const client = await start({
      async twice({ session, save }) {
        session['a'] = 1
        const first = save()
        session['b'] = 2
        const second = save()
        await Promise.all([first, second])
        session['c'] = 3
      },
    })
    await client.get('/twice')
    expect(await client.get('/see')).toEqual({ a: 1, b: 2, c: 3 })
    await client.get('/twice')
    expect(await client.get('/see')).toEqual({ a: 1, b: 2, c: 3 })
    expect(told('conflict')).toEqual([])
  })

  it('reloads: sees what others stored, and measures its changes against that', async () => {
    const between = pause()
    const client = await start({
      async reloading(context) {
        context.session['dropped'] = true
        await between.wait()
        await context.reload()
        const seen = basics.see(context)
        delete context.session['b']
        context.session['a'] = true
        return seen
      },
    })
    await client.get('/put?key=user')
    const answer = client.get('/reloading')
    await between.reached
    await client.get('/put?key=b')
    between.goOn()
    expect(await answer).toEqual({ user: 'true', b: 'true' })
    expect(await client.get('/see')).toEqual({ user: 'true', a: true })
  })

  it('keeps both of two messages that are flashed at once, and shows each once', async () => {
    const together = barrier(2)
    const client = await start({
      async flash({ session, query }) {
        await together()
        const flash = (session['flash'] ??= {}) as Record<string, string[]>
        ;(flash['notice'] ??= []).push(query['text']!)
      },
      shown({ session }) {
        const { flash } = session
        delete session['flash']
        return flash
      },
    })
    await client.get('/put?key=user')
    await Promise.all([client.get('/flash?text=one'), client.get('/flash?text=two')])
    const { notice } = (await client.get('/shown')) as Record<string, string[]>
    expect(notice!.sort()).toEqual(['one', 'two'])
    expect(await client.get('/shown')).toBeNull()
    expect(await client.get('/see')).toEqual({ user: 'true' })
  })

  it('lets the later of two changes to one path win, and reports it once', async () => {
    const [one, two] = [pause(), pause()]
    const client = await start(
      {
        async one({ session }) {
          await one.wait()
          session['theme'] = 'dark'
        },
        async two({ session }) {
          await two.wait()
          session['theme'] = 'light'
        },
      },
      { maxAge: HOUR, rolling: true },
    )
    await client.get('/put?key=theme&value=grey')
    const answers = [client.get('/one'), client.get('/two')]
    await Promise.all([one.reached, two.reached])
    one.goOn()
    await answers[0]
    two.goOn()
    await answers[1]
    expect(await client.get('/see')).toEqual({ theme: 'light' })
    expect(told('conflict')).toMatchObject([
      { path: ['theme'], winner: 'mine', base: 'grey', mine: 'light', theirs: 'dark' },
    ])
  })

  it('ends a session when its cookie does', async () => {
    const client = await start({}, { maxAge: HOUR })
    const before = Date.now()
    await client.get('/put?key=user')
    const { id, record, version } = await stored()
    expect(record.expiresAt).toBeGreaterThanOrEqual(before + HOUR - 5)
    expect(record.expiresAt).toBeLessThanOrEqual(Date.now() + HOUR)
    expect(record.data['cookie']).toMatchObject({ originalMaxAge: expect.any(Number), path: '/' })
    expect(record.data['cookie']).not.toHaveProperty('expires')
    await store.touch!(id, Date.now() - 1, version)
    expect(await client.get('/see')).toEqual({})
  })

  it('gives the cookie back as it was', async () => {
    const client = await start(
      {
        cookie({ session }) {
          const { maxAge, originalMaxAge, expires, httpOnly, path: at } = session.cookie
          return { maxAge, originalMaxAge, date: expires instanceof Date, httpOnly, at }
        },
      },
      { maxAge: HOUR },
    )
    await client.get('/put?key=user')
    const cookie = (await client.get('/cookie')) as Record<string, number>
    expect(cookie).toMatchObject({ date: true, httpOnly: true, at: '/' })
    for (const age of [cookie['maxAge']!, cookie['originalMaxAge']!]) {
      expect(age).toBeLessThanOrEqual(HOUR)
      expect(age).toBeGreaterThan(HOUR - 30_000)
    }
  })

  it('lives on while it is used, and the expiry is not written with every request', async () => {
    const client = await start({}, { maxAge: HOUR, rolling: true })
    await client.get('/put?key=user')
    const { id, record, version } = await stored()
    await store.touch!(id, record.expiresAt - HOUR / 2, version)
    await client.get('/look')
    const after = await stored()
    expect(after.record.expiresAt).toBeGreaterThanOrEqual(record.expiresAt)
    expect(after.record.revision).toBe(record.revision)
    for (let n = 0; n < 100; n++) await client.get('/look')
    expect((await stored()).version).toBe(after.version)
    expect(told('touched')).toHaveLength(1)
  })

  it('takes over a new age of the cookie when nothing else changed', async () => {
    const client = await start(
      {
        remember({ session }) {
          session.cookie.maxAge = 20 * 24 * HOUR
        },
      },
      { maxAge: HOUR, rolling: true },
    )
    await client.get('/put?key=user')
    await client.get('/remember')
    const { record } = await stored()
    expect(record.expiresAt).toBeGreaterThan(Date.now() + 19 * 24 * HOUR)
    expect(record.data['user']).toBe('true')
    await client.get('/look')
    expect((await stored()).record.expiresAt).toBeGreaterThanOrEqual(record.expiresAt - 60_000)
  })

  it('keeps the new age of the cookie when a slower request stores afterwards', async () => {
    const slow = pause()
    const client = await start(
      {
        remember({ session }) {
          session.cookie.maxAge = 20 * 24 * HOUR
          session['remembered'] = true
        },
        async slow({ session }) {
          await slow.wait()
          session['late'] = true
        },
      },
      { maxAge: HOUR, rolling: true },
    )
    await client.get('/put?key=user')
    const answer = client.get('/slow')
    await slow.reached
    await client.get('/remember')
    slow.goOn()
    await answer
    const { record } = await stored()
    expect(record.data).toMatchObject({ user: 'true', remembered: true, late: true })
    expect(record.expiresAt).toBeGreaterThan(Date.now() + 19 * 24 * HOUR)
    expect(told('conflict')).toEqual([])
  })

  it('ends a session that nobody uses for the idle time, when the cookie has no age', async () => {
    const client = await start()
    await client.get('/put?key=user')
    for (let hours = 1; hours <= 6; hours++) {
      clock = hours * HOUR
      await client.get(`/put?key=last&value=${hours}`)
    }
    expect(await client.get('/see')).toMatchObject({ user: 'true' })
    clock += 2 * HOUR + 1
    expect(await client.get('/see')).toEqual({})
    expect(told('rejected').at(-1)).toMatchObject({ reason: 'expired' })
  })

  it('ends a session at the end of its lifetime, however much it is used', async () => {
    kept = new ExpressSessionStore(store, { lifetime: '5h', now: () => Date.now() + clock })
    const client = await start({}, { rolling: true })
    await client.get('/put?key=user')
    for (clock = HOUR; clock < 5 * HOUR; clock += HOUR) {
      expect(await client.get('/see')).toEqual({ user: 'true' })
    }
    const { record } = await stored()
    expect(record.expiresAt).toBe(record.createdAt + 5 * HOUR)
    clock += 1000
    expect(await client.get('/see')).toEqual({})
  })

  it('sees at once what a person changed in the store', async () => {
    const client = await start()
    await client.get('/put?key=user&value=ada')
    const { id, record, version } = await stored()
    const data = { ...record.data, user: 'grace' }
    await store.write(id, { ...record, data, revision: 2 }, version)
    expect(await client.get('/see')).toEqual({ user: 'grace' })
  })
})
