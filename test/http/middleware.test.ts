import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer, request, type RequestOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TlsOptions } from 'node:tls'
import express, { type NextFunction, type Request, type Response } from 'express'
import Koa from 'koa'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import type { SessionEvent } from '../../src/core/events.ts'
import { session } from '../../src/express.ts'
import { session as koaSession } from '../../src/koa.ts'
import { createSessions } from '../../src/sessions/sessions.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { Browser, listen, raw, recordsIn, sessionDir, watchedStore } from './kit.ts'
import { jsonStore } from '../../src/stores/file/json-store.ts'

describe('session()', () => {
  it('takes sessions that were made before, and shares them', async () => {
    const made = createSessions({ store: memoryStore() })
    const middleware = session(made)
    expect(middleware.sessions).toBe(made)
    const app = express().use(middleware)
    app.get('/', (req, res) => {
      req.session.data['user'] ??= 'ada'
      res.json(session(made).of(req).data)
    })
    const browser = new Browser(await listen(app))
    expect(await browser.get('/')).toMatchObject({ json: { user: 'ada' } })
    const [, id = ''] = (await browser.cookies()).split('=')
    expect((await made.engine.retrieve(id))?.data).toEqual({ user: 'ada' })
  })

  it('types the data by the schema', async () => {
    const Cart = z.object({ items: z.array(z.string()).default([]) })
    const cart = session({ schema: Cart, store: memoryStore() })
    const app = express().use(cart)
    app.get('/:item', (req, res) => {
      const items: string[] = cart.of(req).data.items
      items.push(req.params.item)
      res.json(items)
    })
    const browser = new Browser(await listen(app))
    await browser.get('/tea')
    expect(await browser.get('/milk')).toMatchObject({ json: ['tea', 'milk'] })
  })

  it('mounted twice, opens one session and sends one cookie', async () => {
    const { dir, store } = await watchedStore()
    const [outer, inner] = [session({ store }), session({ store })]
    const found: unknown[] = []
    const router = express.Router()
    router.use((req, _res, next) => {
      req.session.data['user'] = 'ada'
      next()
    })
    router.use(inner, outer)
    router.get('/', (req, res) => {
      found.push(req.session.data['user'], outer.of(req) === req.session)
      try {
        inner.of(req)
      } catch (error) {
        found.push(error)
      }
      res.send('hello')
    })
    const reply = await raw(await listen(express().use(outer, router)))
    expect(reply).toMatchObject({ status: 200, cookies: [expect.stringContaining('id=')] })
    expect(await recordsIn(dir)).toHaveLength(1)
    expect(found).toEqual(['ada', true, expect.any(TypeError)])
  })

  it('an app of another framework inside has the same session, also with a middleware of its own', async () => {
    const { dir, store } = await watchedStore()
    const inner = new Koa()
    inner.use(koaSession({ store }))
    inner.use((ctx) => {
      ctx.session.data['inner'] = true
      ctx.body = ctx.session.data
    })
    const app = express().use(session({ store }))
    app.use((req, _res, next) => {
      req.session.data['outer'] = true
      next()
    })
    app.use(inner.callback())
    const reply = await raw(await listen(app))
    expect(reply).toMatchObject({ status: 200, cookies: [expect.stringContaining('id=')] })
    expect(reply.json).toEqual({ outer: true, inner: true })
    expect(await recordsIn(dir)).toHaveLength(1)
  })

  it('the sub-app of an app has the same session', async () => {
    const { store } = await watchedStore()
    const sub = express()
    sub.get('/', (req, res) => {
      req.session.data['seen'] = req.originalUrl
      res.json(req.session.data)
    })
    const browser = new Browser(await listen(express().use(session({ store })).use('/sub', sub)))
    expect((await browser.get('/sub')).cookies).toHaveLength(1)
    expect(await browser.get('/sub')).toMatchObject({ json: { seen: '/sub' }, cookies: [] })
  })

  it('publishes its events on the diagnostics channel, without their values', async () => {
    const heard: SessionEvent[] = []
    const told: SessionEvent[] = []
    const hear = (event: unknown): void => void heard.push(event as SessionEvent)
    subscribe('vitrine:session', hear)
    onTestFinished(() => void unsubscribe('vitrine:session', hear))
    const { store } = await watchedStore()
    const app = express().use(session({ store, report: (event) => told.push(event) }))
    app.get('/', (req, res) => {
      req.session.data['user'] = 'ada lovelace'
      res.end()
    })
    await raw(await listen(app))
    expect(heard.map(({ type }) => type)).toEqual(['created'])
    expect(told).toEqual(heard)
    expect(JSON.stringify(heard)).not.toContain('lovelace')
  })

  it('without report, says warnings on the console, once each', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    onTestFinished(() => warn.mockRestore())
    const { sessions } = session({
      store: {
        ...memoryStore(),
        init: async (report) => {
          for (const code of ['ONE', 'ONE', 'TWO']) {
            report({ type: 'warning', at: 0, code, message: 'Mind the gap' })
          }
          report({ type: 'reaped', at: 0, count: 1 })
        },
      },
    })
    await sessions.engine.init()
    expect(warn.mock.calls.flat()).toEqual([
      'vitrine: Mind the gap (ONE)',
      'vitrine: Mind the gap (TWO)',
    ])
  })

  it('hands over to the error handler when the session directory cannot be used', async () => {
    const dir = await sessionDir()
    const app = express().use(session({ store: jsonStore(`${dir}/\0`) }))
    app.get('/', (req, res) => {
      req.session.data['user'] = 'ada'
      res.send('hello')
    })
    app.use((error: { code?: string }, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).json(error.code)
    })
    expect(await raw(await listen(app))).toMatchObject({ status: 500, cookies: [] })
  })
})

describe('Secure', () => {
  it('over TLS, also on plain node:http', async () => {
    const key = Buffer.from('a key that both sides share')
    const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const
    const server: TlsOptions = { ...tls, pskCallback: () => key, pskIdentityHint: 'test' }
    const client: RequestOptions = {
      ...tls,
      agent: false,
      checkServerIdentity: () => undefined,
      ...{ pskCallback: () => ({ psk: key, identity: 'test' }) },
    }
    const sessions = session({ store: memoryStore() })
    const https = createServer(server, (req, res) =>
      sessions(req, res, () => {
        sessions.of(req).data['user'] = 'ada'
        res.end()
      }),
    ).listen(0, '127.0.0.1')
    onTestFinished(() => void https.close())
    await once(https, 'listening')
    const { port } = https.address() as AddressInfo
    const [res] = (await once(request(`https://127.0.0.1:${port}`, client).end(), 'response')) as [
      IncomingMessage,
    ]
    res.resume()
    expect(res.headers['set-cookie']).toEqual([expect.stringMatching(/^__Host-id=.*; Secure/)])
  })
})
