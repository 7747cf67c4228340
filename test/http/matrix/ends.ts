import { expect } from 'vitest'
import { cookie } from '../../../src/transports/cookie.ts'
import { Browser, latch, raw, type App } from '../kit.ts'
import type { Cell } from '../matrix.ts'
import { account, attributesOf, pairOf } from './apps.ts'

const COOKIES = [
  {},
  { name: 'sid', path: '/app', sameSite: 'strict', httpOnly: false },
  { domain: 'example.com', persistent: false },
  { secure: true },
  { secure: true, prefix: false, priority: 'high' },
  { secure: true, sameSite: 'none', partitioned: true },
  { name: '__Secure-sid', domain: 'app.example.com', path: '/app' },
] as const

/** `renew` and `destroy`. */
export function ends(cell: Cell): void {
  for (const options of COOKIES) {
    cell.it(
      `destroy takes the cookie back that was made with ${JSON.stringify(options)}`,
      async () => {
        const origin = await cell.start(account, { transport: cookie(options) })
        const browser = new Browser(origin, 'https://app.example.com')
        const made = await browser.get('/app/login')
        expect((await browser.get('/app')).json).toEqual({ user: 'ada' })
        const gone = await browser.get('/app/logout')
        expect(gone.cookies).toHaveLength(1)
        expect(gone.cookies[0]).toMatch(/=; Max-Age=0; /)
        expect(attributesOf(gone.cookies[0] as string)).toEqual(
          attributesOf(made.cookies[0] as string),
        )
        expect((await browser.get('/app')).json).toEqual({})
        expect(await browser.jar.store.getAllCookies()).toEqual([])
      },
    )
  }

  cell.it('destroy of a session that nobody has sends no cookie', async () => {
    const reply = await raw(`${await cell.start(account)}/logout`)
    expect(reply).toMatchObject({ status: 200, cookies: [] })
    expect(cell.watched.log).toEqual([])
  })

  cell.it(
    'destroy removes the record: a copy of the cookie is nobody’s',
    async () => {
      const origin = await cell.start(account)
      const login = await raw(`${origin}/login`)
      const sent: [string, string][] = [['cookie', pairOf(login)]]
      await raw(`${origin}/logout`, sent)
      expect(cell.watched.log).toEqual(['stored', 'deleted'])
      expect(await raw(origin, sent)).toMatchObject({ status: 200, json: {}, cookies: [] })
      const again = await raw(`${origin}/set?user=eve`, sent)
      expect(again.cookies).toHaveLength(1)
      expect(pairOf(again)).not.toBe(pairOf(login))
    },
    'an end for all copies',
  )

  cell.it(
    'a slower request cannot bring a destroyed session back',
    async () => {
      const [started, ended] = [latch(), latch()]
      const app: App = async (session, url) => {
        if (url.pathname !== '/slow') return account(session, url)
        session.data['late'] = true
        started.open()
        await ended.opened
        return { body: 'done' }
      }
      const origin = await cell.start(app)
      const browser = new Browser(origin)
      await browser.get('/login')
      const sent: [string, string][] = [['cookie', await browser.cookies()]]
      const slow = raw(`${origin}/slow`, sent)
      await started.opened
      await browser.get('/logout')
      ended.open()
      expect(await slow).toMatchObject({ status: 200, json: 'done', cookies: [] })
      expect((await raw(origin, sent)).json).toEqual({})
      expect(cell.watched.log.filter((what) => what !== 'refused')).toEqual(['stored', 'deleted'])
      expect(cell.events.map(({ type }) => type)).toContain('lost')
    },
    'an end for all copies',
  )

  cell.it('renew sends a new cookie, and the data come along', async () => {
    const browser = new Browser(await cell.start(account))
    await browser.get('/set?cart=tea')
    const old = await browser.cookies()
    expect((await browser.get('/login')).cookies).toHaveLength(1)
    expect(await browser.cookies()).not.toBe(old)
    expect((await browser.get('/')).json).toEqual({ cart: 'tea', user: 'ada' })
  })

  cell.it(
    'the id from before a renew is nobody’s, and never gets a cookie',
    async () => {
      const browser = new Browser(await cell.start(account))
      await browser.get('/set?cart=tea')
      const old: [string, string][] = [['cookie', await browser.cookies()]]
      await browser.get('/login')
      const stale = await raw(`${browser.origin}/set?user=eve`, old)
      expect(stale).toMatchObject({ status: 200, json: { user: 'eve' }, cookies: [] })
      expect((await raw(browser.origin, old)).json).toEqual({})
      expect(await raw(`${browser.origin}/logout`, old)).toMatchObject({ status: 200, cookies: [] })
      expect((await browser.get('/')).json).toEqual({ cart: 'tea', user: 'ada' })
    },
    'an end for all copies',
  )

  cell.it(
    'requests that are under way during a renew keep the login',
    async () => {
      const [all, renewed] = [latch(), latch()]
      let waiting = 0
      const app: App = async (session, url) => {
        if (url.pathname !== '/slow') return account(session, url)
        session.data[url.search] = true
        if (++waiting === 5) all.open()
        await renewed.opened
        return { body: 'done' }
      }
      const browser = new Browser(await cell.start(app))
      await browser.get('/set?cart=tea')
      const slow = Array.from({ length: 5 }, (_, at) => browser.get(`/slow?${at}`))
      await all.opened
      await browser.get('/login')
      renewed.open()
      for (const reply of await Promise.all(slow)) {
        expect(reply).toMatchObject({ status: 200, json: 'done', cookies: [] })
      }
      expect((await browser.get('/')).json).toEqual({ cart: 'tea', user: 'ada' })
    },
    'an end for all copies',
  )
}
