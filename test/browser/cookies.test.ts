import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express, { type Express } from 'express'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { session, type SessionMiddleware } from '../../src/express.ts'
import { cookie, jsonStore, type CookieOptions, type SessionEvent } from '../../src/index.ts'
import { throwAwayCertificate, type Certificate } from './certificate.ts'
import { CHROMIUM, launch } from './chromium.ts'

/** What a real browser makes of the cookies. Its two sites are `localhost` and `127.0.0.1`. */
describe.skipIf(!CHROMIUM)('cookies in a real browser', () => {
  let browser: Browser
  let certificate: Certificate
  let dir: string
  let context: BrowserContext
  let page: Page
  let events: SessionEvent[]
  let closers: (() => Promise<void>)[]

  beforeAll(async () => {
    certificate = throwAwayCertificate()
    browser = await launch()
  })
  afterAll(() => browser?.close())

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vitrine-cookies-'))
    events = []
    closers = []
    context = await browser.newContext({ ignoreHTTPSErrors: true })
    context.setDefaultTimeout(8000)
    page = await context.newPage()
  })
  afterEach(async () => {
    await context.close()
    for (const close of closers) await close()
    rmSync(dir, { recursive: true })
  })

  function makeApp(options: CookieOptions): { app: Express; sessions: SessionMiddleware } {
    const report = (event: SessionEvent) => void events.push(event)
    const sessions = session({ store: jsonStore(dir), transport: cookie(options), report })
    const app = express()
    app.use(sessions)
    const who = (user: unknown) => `<p id=who>${typeof user === 'string' ? user : 'nobody'}</p>`
    app.get('/', (req, res) => {
      const form = (path: string) =>
        `<form method=post action=${path}><button>${path}</button></form>`
      res.send(who(req.session.data['user']) + ['/login', '/logout', '/pay'].map(form).join(''))
    })
    app.post('/login', (req, res) => {
      req.session.renew()
      req.session.data['user'] = 'ada'
      res.redirect(303, '/')
    })
    app.post('/logout', (req, res) => {
      req.session.destroy()
      res.redirect(303, '/')
    })
    app.post('/pay', (req, res) => void res.send(who(req.session.data['user'])))
    app.get('/count', (req, res) => {
      req.session.update((data) => {
        data['n'] = Number(data['n'] ?? 0) + 1
      })
      res.send(`<p id=who>${req.session.data['n']}</p>`)
    })
    // what a page of another site can do: a form, a link, a frame
    app.get('/elsewhere', ({ query: { to, frame } }, res) => {
      res.send(
        frame
          ? `<iframe src="${frame}"></iframe>`
          : `<form method=post action="${to}/pay"><button>Win</button></form><a href="${to}/">Look</a>`,
      )
    })
    return { app, sessions }
  }

  /** @returns the port, and what closes the server */
  async function serve(
    options: CookieOptions,
    { tls, port = 0 }: { tls: boolean; port?: number },
  ): Promise<{ port: number; close: () => Promise<void> }> {
    const { app, sessions } = makeApp(options)
    const server = tls ? createTlsServer(certificate, app) : createServer(app)
    await once(server.listen(port), 'listening')
    const close = async () => {
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
      await sessions.sessions.engine[Symbol.asyncDispose]()
    }
    closers.push(close)
    return { port: (server.address() as AddressInfo).port, close }
  }

  const who = () => page.locator('#who').textContent()
  const press = (path: string) => page.getByRole('button', { name: path }).click()
  const logIn = async (url: string) => {
    await page.goto(url)
    await press('/login')
    await page.locator('#who', { hasText: 'ada' }).waitFor()
  }
  const kept = async () => {
    const cookies = await context.cookies()
    return cookies.map(({ value: _value, expires: _expires, ...facts }) => facts)
  }

  it('logs in over the redirect, stays over a reload and a restart, and logs out', async () => {
    const first = await serve({}, { tls: false })
    const url = `http://localhost:${first.port}/`
    await page.goto(url)
    expect(await who()).toBe('nobody')
    expect(await kept()).toEqual([])

    await logIn(url)
    expect(page.url()).toBe(url)
    await page.reload()
    expect(await who()).toBe('ada')
    expect(await page.evaluate('document.cookie')).toBe('')

    await first.close()
    await serve({}, { tls: false, port: first.port })
    await page.reload()
    expect(await who()).toBe('ada')

    await press('/logout')
    await page.locator('#who', { hasText: 'nobody' }).waitFor()
    expect(await kept()).toEqual([])
    expect(readdirSync(dir).filter((name) => name.endsWith('.json'))).toEqual([])
  })

  it('keeps the cookie over TLS as __Host-id: Secure, HttpOnly, Lax, for this host alone', async () => {
    const { port } = await serve({}, { tls: true })
    await logIn(`https://localhost:${port}/`)
    const facts = { secure: true, httpOnly: true, sameSite: 'Lax', domain: 'localhost', path: '/' }
    expect(await kept()).toEqual([{ name: '__Host-id', ...facts }])
    const [{ expires } = { expires: 0 }] = await context.cookies()
    expect(expires).toBeGreaterThan(Date.now() / 1000 + 3600)

    await press('/logout')
    await page.locator('#who', { hasText: 'nobody' }).waitFor()
    expect(await kept()).toEqual([])
  })

  it('is not carried by a form of another site, but by a link and by its own forms', async () => {
    const { port } = await serve({}, { tls: true })
    const own = `https://localhost:${port}`
    await logIn(own)
    await press('/pay')
    await page.waitForURL('**/pay')
    expect(await who()).toBe('ada')

    await page.goto(`https://127.0.0.1:${port}/elsewhere?to=${own}`)
    await press('Win')
    await page.waitForURL(`${own}/pay`)
    expect(await who()).toBe('nobody')

    await page.goto(`https://127.0.0.1:${port}/elsewhere?to=${own}`)
    await page.getByRole('link', { name: 'Look' }).click()
    await page.waitForURL(`${own}/`)
    expect(await who()).toBe('ada')
  })

  it('has one jar for each top-level site when it is partitioned', async () => {
    const { port } = await serve({ sameSite: 'none', partitioned: true }, { tls: true })
    const own = `https://localhost:${port}`
    const embedding = `https://127.0.0.1:${port}/elsewhere?frame=${own}/count`
    const counted = () => page.frameLocator('iframe').locator('#who').textContent()

    await page.goto(`${own}/count`)
    await page.reload()
    expect(await who()).toBe('2')
    await page.goto(embedding)
    expect(await counted()).toBe('1')
    await page.reload()
    expect(await counted()).toBe('2')

    const facts = { name: '__Host-id', domain: 'localhost', sameSite: 'None', secure: true }
    const cookies = await kept()
    expect(cookies).toHaveLength(2)
    for (const each of cookies) expect(each).toMatchObject(facts)
    const keys = new Set(cookies.map(({ partitionKey }) => partitionKey))
    expect(keys).toEqual(new Set(['https://127.0.0.1', 'https://localhost']))
  })

  it('is not kept with SameSite=None over plain HTTP, and the app hears why', async () => {
    expect(() => cookie({ sameSite: 'none', secure: false })).toThrow(
      expect.objectContaining({ code: 'CONFIG' }),
    )
    const { port } = await serve({ sameSite: 'none' }, { tls: false })
    await page.goto(`http://localhost:${port}/`)
    await press('/login')
    await page.waitForURL(`http://localhost:${port}/`)
    expect(await who()).toBe('nobody')
    expect(await kept()).toEqual([])
    expect(events).toContainEqual(expect.objectContaining({ type: 'warning' }))
  })
})
