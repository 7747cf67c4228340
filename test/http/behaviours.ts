import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { SessionEvent } from '../../src/core/events.ts'
import { cookie } from '../../src/transports/cookie.ts'
import {
  Browser,
  latch,
  raw,
  recordsIn,
  watchedStore,
  type App,
  type Serve,
  type WatchedStore,
} from './kit.ts'

/** What every adapter does, the same on all of them. */
export function behaviours(name: string, serve: Serve): void {
  describe(name, () => {
    let watched: WatchedStore
    let events: SessionEvent[]

    beforeEach(async () => {
      watched = await watchedStore()
      events = []
    })

    const start = (app: App, options: Parameters<Serve>[0] = {}): Promise<string> =>
      serve({ store: watched.store, report: (event) => events.push(event), ...options }, app)

    const store: App = (session, url) => {
      for (const [key, value] of url.searchParams) session.data[key] = value
      return { body: session.data }
    }

    describe('a request that leaves its session alone', () => {
      it('stores nothing and sends no cookie', async () => {
        const origin = await start(() => ({ body: 'hello' }))
        const reply = await raw(origin)
        expect(reply).toMatchObject({ status: 200, json: 'hello', cookies: [] })
        expect(reply.headers).not.toHaveProperty('vary')
        expect(reply.headers).not.toHaveProperty('cache-control')
        expect(await readdir(watched.dir)).toEqual([])
      })

      it('says that the answer depends on the cookie when the handler has looked', async () => {
        const origin = await start((session) => ({ body: session.data }))
        const reply = await raw(origin)
        expect(reply).toMatchObject({ json: {}, cookies: [], headers: { vary: 'Cookie' } })
        expect(await recordsIn(watched.dir)).toEqual([])
      })
    })

    describe('a request that stores something', () => {
      it('makes one record and sends one cookie; the next request sees the data', async () => {
        const browser = new Browser(await start(store))
        const first = await browser.get('/?user=ada')
        expect(first.cookies).toEqual([
          expect.stringMatching(/^id=[a-z2-7]{32}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/),
        ])
        expect(await recordsIn(watched.dir)).toHaveLength(1)
        expect((await browser.get('/')).json).toEqual({ user: 'ada' })
      })

      it('notices a nested change, and does not rewrite what is unchanged', async () => {
        const app: App = (session, url) => {
          const data = session.data as { cart?: { items: string[] } }
          data.cart ??= { items: [] }
          const item = url.searchParams.get('item')
          if (item) data.cart.items.push(item)
          return { body: data }
        }
        const browser = new Browser(await start(app))
        await browser.get('/')
        const second = await browser.get('/?item=tea')
        expect(second.cookies).toEqual([])
        expect((await browser.get('/')).json).toEqual({ cart: { items: ['tea'] } })
        expect(watched.log).toEqual(['stored', 'stored'])
      })

      it('is stored when a redirect arrives, however slow the store', async () => {
        watched.beforeWrite = () => new Promise((resolve) => setTimeout(resolve, 200))
        const app: App = (session) => {
          session.data['user'] = 'ada'
          return { location: '/home' }
        }
        const reply = await raw(await start(app))
        watched.log.push('answered')
        expect(watched.log).toEqual(['stored', 'answered'])
        expect(reply.status).toBe(302)
        expect(reply.headers.location).toMatch(/\/home$/)
        expect(reply.cookies).toHaveLength(1)
      })

      it('keeps data under any key', async () => {
        const keys = ['cookie', 'save', 'touch', 'id', 'then', 'toJSON', '__proto__', 'constructor']
        const app: App = (session, url) => {
          if (url.pathname === '/set') {
            for (const key of keys) {
              const value = { of: key }
              Object.defineProperty(session.data, key, {
                value,
                enumerable: true,
                configurable: true,
                writable: true,
              })
            }
          }
          return { body: Object.entries(session.data) }
        }
        const browser = new Browser(await start(app))
        await browser.get('/set')
        const entries = (await browser.get('/')).json as [string, unknown][]
        expect(new Map(entries)).toEqual(new Map(keys.map((key) => [key, { of: key }])))
        expect({}).not.toHaveProperty('of')
      })

      it('answers HEAD with the same headers and cookie', async () => {
        const reply = await raw(`${await start(store)}/?user=ada`, [], 'HEAD')
        expect(reply).toMatchObject({ status: 200, text: '', headers: { vary: 'Cookie' } })
        expect(reply.cookies).toHaveLength(1)
        expect(watched.log).toEqual(['stored'])
      })
    })

    describe('what goes wrong', () => {
      it('answers with an error when the session cannot be read', async () => {
        const browser = new Browser(await start(store))
        await browser.get('/?user=ada')
        watched.beforeRead = () => Promise.reject(new Error('EIO'))
        const reply = await browser.get('/')
        expect(reply).toMatchObject({ status: 500, json: { failed: 'STORE' }, cookies: [] })
        watched.beforeRead = () => undefined
        expect((await browser.get('/')).json).toEqual({ user: 'ada' })
      })

      it('answers with an error and nothing else when the session cannot be stored', async () => {
        watched.beforeWrite = () => Promise.reject(new Error('ENOSPC'))
        const app: App = (session) => {
          session.data['user'] = 'ada'
          return {
            location: '/home',
            headers: { 'set-cookie': 'theme=dark', etag: '"1"', 'content-language': 'en' },
          }
        }
        const reply = await raw(await start(app))
        expect(reply).toMatchObject({ status: 500, json: { failed: 'STORE' }, cookies: [] })
        expect(reply.headers).not.toHaveProperty('location')
        expect(reply.headers).not.toHaveProperty('content-language')
        expect(reply.headers.etag).not.toBe('"1"')
        expect(await recordsIn(watched.dir)).toEqual([])
      })

      it('stores nothing when the handler throws', async () => {
        const app: App = (session) => {
          session.data['user'] = 'ada'
          throw new Error('no')
        }
        expect(await raw(await start(app))).toMatchObject({ status: 500, cookies: [] })
        expect(watched.log).toEqual([])
      })

      it('stores nothing when the answer is a 5xx', async () => {
        const app: App = (session) => {
          session.data['user'] = 'ada'
          return { status: 503, body: 'later' }
        }
        const reply = await raw(await start(app))
        expect(reply).toMatchObject({ status: 503, json: 'later', cookies: [] })
        expect(watched.log).toEqual([])
      })

      it('answers a value that JSON would change with an error that names it', async () => {
        const app: App = (session) => {
          session.data['since'] = new Date(0)
          return {}
        }
        const reply = await raw(await start(app))
        expect(reply).toMatchObject({ status: 500, json: { failed: 'INVALID' }, cookies: [] })
      })
    })

    describe('the end of a session', () => {
      const account: App = (session, url) => {
        if (url.pathname.endsWith('/login')) {
          session.data['user'] = 'ada'
          session.renew()
          return {}
        }
        if (url.pathname.endsWith('/logout')) {
          session.destroy()
          return {}
        }
        return { body: session.data }
      }

      it.each([{}, { path: '/app', sameSite: 'strict' as const, name: 'sid', httpOnly: false }])(
        'destroy removes the record and takes the cookie back, made with %j',
        async (options) => {
          const browser = new Browser(await start(account, { transport: cookie(options) }))
          await browser.get('/app/login')
          expect(await browser.cookies('/app')).not.toBe('')
          const reply = await browser.get('/app/logout')
          expect(reply.cookies).toHaveLength(1)
          expect(await browser.cookies('/app')).toBe('')
          expect(await recordsIn(watched.dir)).toEqual([])
        },
      )

      it('a slower request cannot bring a destroyed session back', async () => {
        const [started, ended] = [latch(), latch()]
        const app: App = async (session, url) => {
          if (url.pathname !== '/slow') return account(session, url)
          session.data['late'] = true
          started.open()
          await ended.opened
          return { body: 'done' }
        }
        const origin = await start(app)
        const browser = new Browser(origin)
        await browser.get('/login')
        const sent: [string, string][] = [['cookie', await browser.cookies()]]
        const slow = raw(`${origin}/slow`, sent)
        await started.opened
        await browser.get('/logout')
        ended.open()
        expect(await slow).toMatchObject({ status: 200, json: 'done', cookies: [] })
        expect(await recordsIn(watched.dir)).toEqual([])
        expect((await raw(origin, sent)).json).toEqual({})
        expect(events.map(({ type }) => type)).toContain('lost')
      })

      it('renew sends a new cookie; the old id is anonymous and never gets a cookie', async () => {
        const app: App = (session, url) =>
          url.pathname === '/set' ? store(session, url) : account(session, url)
        const origin = await start(app)
        const browser = new Browser(origin)
        await browser.get('/set?cart=tea')
        const old = await browser.cookies()
        const login = await browser.get('/login')
        expect(login.cookies).toHaveLength(1)
        expect(await browser.cookies()).not.toBe(old)
        expect((await browser.get('/')).json).toEqual({ cart: 'tea', user: 'ada' })

        const stale = await raw(`${origin}/set?user=eve`, [['cookie', old]])
        expect(stale).toMatchObject({ status: 200, json: { user: 'eve' }, cookies: [] })
        expect((await raw(origin, [['cookie', old]])).json).toEqual({})
        expect((await browser.get('/')).json).toEqual({ cart: 'tea', user: 'ada' })
      })

      it('an id that nobody gave out is not adopted', async () => {
        const planted = 'a'.repeat(32)
        const reply = await raw(`${await start(store)}/?user=ada`, [['cookie', `id=${planted}`]])
        expect(reply.cookies).toHaveLength(1)
        expect(reply.cookies[0]).not.toContain(planted)
        expect(await recordsIn(watched.dir)).not.toContain(`${planted}.json`)
      })
    })

    describe('many requests at once', () => {
      it('twenty writers keep twenty keys', async () => {
        const everybody = latch()
        let waiting = 0
        const app: App = async (session, url) => {
          const { data } = session
          if (url.pathname === '/all') {
            if (++waiting === 20) everybody.open()
            await everybody.opened
          }
          for (const [key, value] of url.searchParams) data[key] = value
          return { body: data }
        }
        const origin = await start(app)
        const browser = new Browser(origin)
        await browser.get('/?first=1')
        const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
        const replies = await Promise.all(keys.map((key) => browser.get(`/all?${key}=1`)))
        expect(replies.map(({ status }) => status)).toEqual(keys.map(() => 200))
        const [file] = await recordsIn(watched.dir)
        const { data } = JSON.parse(await readFile(join(watched.dir, file as string), 'utf8')) as {
          data: object
        }
        expect(Object.keys(data).toSorted()).toEqual(['first', ...keys].toSorted())
      })

      it('update counts exactly', async () => {
        const app: App = async (session) => {
          session.update((data) => {
            data['views'] = ((data['views'] as number | undefined) ?? 0) + 1
          })
          await Promise.resolve()
          return { body: session.data }
        }
        const browser = new Browser(await start(app))
        await browser.get('/')
        await Promise.all(Array.from({ length: 20 }, () => browser.get('/')))
        expect((await browser.get('/')).json).toEqual({ views: 22 })
      })
    })

    describe('the headers', () => {
      it.each([
        [undefined, 'private'],
        ['no-store', 'no-store'],
        ['public, max-age=60', 'max-age=60, private'],
      ])('Cache-Control %s becomes %s when a cookie is sent', async (said, sent) => {
        const app: App = (session) => {
          session.data['user'] = 'ada'
          return said === undefined ? {} : { headers: { 'cache-control': said } }
        }
        expect((await raw(await start(app))).headers['cache-control']).toBe(sent)
      })

      it('Cache-Control is the app’s own when no cookie is sent', async () => {
        const app: App = (session) => ({
          body: session.data,
          headers: { 'cache-control': 'public', vary: 'Accept, cookie' },
        })
        const { headers } = await raw(await start(app))
        expect(headers).toMatchObject({ 'cache-control': 'public', vary: 'Accept, cookie' })
      })

      it('the app’s own cookies are kept, but not one of the session’s name', async () => {
        const app: App = (session) => {
          session.data['user'] = 'ada'
          return { headers: { 'set-cookie': ['theme=dark', 'id=mine; Path=/', 'lang=en'] } }
        }
        const { cookies } = await raw(await start(app))
        expect(cookies.slice(0, 2)).toEqual(['theme=dark', 'lang=en'])
        expect(cookies).toHaveLength(3)
        expect(cookies[2]).toMatch(/^id=[a-z2-7]{32};/)
      })

      it('a second Cookie header counts, and a stray cookie of the same name logs nobody out', async () => {
        const origin = await start(store)
        const [line = ''] = (await raw(`${origin}/?user=ada`)).cookies
        const good = line.split(';')[0] as string
        const split = await raw(origin, [['cookie', ['theme=dark', good]]])
        expect(split.json).toEqual({ user: 'ada' })
        for (const stray of ['id=junk', `id=${'b'.repeat(32)}`, 'id=', 'id=%zz']) {
          const reply = await raw(origin, [['cookie', `${stray}; ${good}`]])
          expect(reply.json).toEqual({ user: 'ada' })
        }
      })

      it.each([
        'id=../../etc/passwd',
        'id=%00',
        'id="',
        'id',
        '=',
        ';;;',
        'id=a\u00e9\u00ff',
        '\u00a0id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        `id=${'x'.repeat(5000)}`,
        '__proto__=1; constructor=2; id=__proto__',
        Array.from({ length: 500 }, (_, index) => `id=junk${index}`).join('; '),
      ])('a hostile Cookie header is answered as anonymous: %.40s', async (hostile) => {
        const reply = await raw(await start(store), [['cookie', hostile]])
        expect(reply).toMatchObject({ status: 200, json: {}, cookies: [] })
      })
    })
  })
}
