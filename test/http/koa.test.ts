import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Readable } from 'node:stream'
import Koa, { type Context, type Middleware } from 'koa'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import * as v from 'valibot'
import type { SessionEvent } from '../../src/core/events.ts'
import { session } from '../../src/koa.ts'
import { createSessions } from '../../src/sessions/sessions.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { koa } from './frameworks.ts'
import { listenKoa } from './frameworks/koa.ts'
import { Browser, raw, recordsIn, watchedStore, type WatchedStore } from './kit.ts'
import { matrix } from './matrix.ts'

matrix(koa)

type Handler = (ctx: Context) => unknown

let watched: WatchedStore
let failures: unknown[]

beforeEach(async () => {
  watched = await watchedStore()
  failures = []
})

/** Starts an app; what reaches its `error` event is in `failures`. */
function serve(...middleware: Middleware[]): Promise<string> {
  const app = new Koa()
  app.on('error', (error: { code?: unknown }) => failures.push(error.code))
  for (const each of middleware) app.use(each)
  return listenKoa(app)
}

const put: Middleware = (ctx, next) => {
  ctx.session.data['user'] = 'ada'
  return next()
}

/** Every way that a Koa handler can answer. */
const ANSWERS: Record<string, Handler> = {
  'a text': (ctx) => (ctx.body = 'made'),
  'JSON, with a status': (ctx) => {
    ctx.status = 201
    ctx.body = { made: true }
  },
  'a Buffer': (ctx) => (ctx.body = Buffer.from('made')),
  'a stream': (ctx) => (ctx.body = Readable.from(['one ', 'two'])),
  'a web stream': (ctx) => (ctx.body = new Blob(['made']).stream()),
  'a Blob': (ctx) => (ctx.body = new Blob(['made'])),
  'a Response': (ctx) => (ctx.body = new Response('made', { headers: { 'x-one': 'two' } })),
  'a redirect': (ctx) => ctx.redirect('/home'),
  'a 404 without a body': () => undefined,
  'a 204': (ctx) => (ctx.status = 204),
  'a body that is null': (ctx) => (ctx.body = null),
  'a 503': (ctx) => (ctx.status = 503),
  'headers flushed, then a stream': (ctx) => {
    ctx.status = 200
    ctx.type = 'text'
    ctx.flushHeaders()
    ctx.body = Readable.from(['one ', 'two'])
  },
  'ctx.res, past Koa': (ctx) => {
    ctx.respond = false
    ctx.res.writeHead(201, { 'Content-Type': 'text/plain' }).write('one ')
    setImmediate(() => ctx.res.end('two'))
  },
  'ctx.res, ended before Koa looks': (ctx) => {
    ctx.res.statusCode = 200
    ctx.res.end('made')
  },
}

describe('with a Koa session, the client sees what it would see without:', () => {
  const seen = async (url: string, method: string): Promise<object> => {
    const response = await fetch(url, { method, redirect: 'manual' })
    const headers = Object.fromEntries(response.headers)
    for (const name of ['date', 'set-cookie', 'vary', 'cache-control']) delete headers[name]
    const { status, statusText } = response
    const cookies = response.headers.getSetCookie().length
    return { status, statusText, headers, cookies, text: await response.text() }
  }

  it.each(Object.entries(ANSWERS))('%s', async (what, answer) => {
    watched.beforeWrite = () => new Promise((resolve) => setTimeout(resolve, 15))
    const plain = await serve(answer)
    const gated = await serve(session({ store: watched.store }), put, answer)
    const cookies = what === 'a 503' ? 0 : 1
    for (const method of ['GET', 'HEAD']) {
      expect(await seen(gated, method)).toEqual({ ...(await seen(plain, method)), cookies })
    }
    expect(await recordsIn(watched.dir)).toHaveLength(2 * cookies)
    expect(failures).toEqual([])
  })
})

describe('a Koa session that cannot be stored', () => {
  const answered = Object.entries(ANSWERS).filter(([what]) => what !== 'a 503')

  it.each(answered)('is a 500 and an error event, and nothing else: %s', async (_what, answer) => {
    watched.beforeWrite = () => Promise.reject(new Error('ENOSPC'))
    const app = await serve(session({ store: watched.store }), put, answer)
    const reply = await raw(app)
    expect(reply).toMatchObject({ status: 500, text: 'Internal Server Error', cookies: [] })
    expect(reply.headers).not.toHaveProperty('location')
    expect(reply.headers).not.toHaveProperty('x-one')
    // Koa also tells of a stream that was cut short
    expect(failures.filter((code) => code !== 'ERR_STREAM_PREMATURE_CLOSE')).toEqual(['STORE'])
  })

  it('can be read by the middleware before it when reading is what fails', async () => {
    const caught: Middleware = (ctx, next) =>
      next().catch((error: unknown) => (ctx.body = (error as { code: string }).code))
    const browser = new Browser(await serve(caught, session({ store: watched.store }), put))
    await browser.get('/')
    watched.beforeRead = () => Promise.reject(new Error('EIO'))
    expect(await browser.get('/')).toMatchObject({ text: 'STORE', cookies: [] })
  })
})

describe('an error in Koa', () => {
  const refuse: Middleware = (ctx) => ctx.throw(401, 'not you')
  const forgive: Middleware = (ctx, next) => next().catch(() => (ctx.body = 'never mind'))

  it('stores nothing, whatever its status', async () => {
    const reply = await raw(await serve(session({ store: watched.store }), put, refuse))
    expect(reply).toMatchObject({ status: 401, text: 'not you', cookies: [] })
    expect(watched.log).toEqual([])
  })

  it('stores nothing when a middleware before the session makes an answer of it', async () => {
    const reply = await raw(await serve(forgive, session({ store: watched.store }), put, refuse))
    expect(reply).toMatchObject({ status: 200, text: 'never mind', cookies: [] })
    expect(watched.log).toEqual([])
  })

  it('is an answer like any other when the app catches it itself', async () => {
    const reply = await raw(await serve(session({ store: watched.store }), forgive, put, refuse))
    expect(reply).toMatchObject({ status: 200, text: 'never mind' })
    expect(reply.cookies).toHaveLength(1)
  })
})

describe('session() for Koa', () => {
  it('stores what the middleware before it change on the way out', async () => {
    const after: Middleware = async (ctx, next) => {
      await next()
      ctx.session.data['after'] = true
    }
    const browser = new Browser(await serve(after, session({ store: watched.store }), show))
    await browser.get('/')
    expect(await browser.get('/')).toMatchObject({ json: { after: true } })
  })

  it('types the data by the schema', async () => {
    const Cart = v.object({ items: v.optional(v.array(v.string()), []) })
    const cart = session({ schema: Cart, store: memoryStore() })
    const add: Middleware = (ctx) => {
      const items: string[] = cart.of(ctx).data.items
      items.push(ctx.path)
      ctx.body = items
    }
    const browser = new Browser(await serve(cart, add))
    await browser.get('/tea')
    expect(await browser.get('/milk')).toMatchObject({ json: ['/tea', '/milk'] })
  })

  it('takes sessions that were made before', async () => {
    const made = createSessions({ store: memoryStore() })
    const middleware = session(made)
    expect(middleware.sessions).toBe(made)
    const browser = new Browser(await serve(middleware, put))
    await browser.get('/')
    const [, id = ''] = (await browser.cookies()).split('=')
    expect((await made.engine.retrieve(id))?.data).toEqual({ user: 'ada' })
  })

  it('mounted twice, also in an app within the app, opens one session and sends one cookie', async () => {
    const { store } = watched
    const [outer, inner] = [session({ store }), session({ store })]
    const found: unknown[] = []
    const app = new Koa().use(inner).use((ctx) => {
      found.push(ctx.session.data['user'], outer.of(ctx) === ctx.session)
      expect(() => inner.of(ctx)).toThrow(TypeError)
      ctx.body = 'hello'
    })
    const within: Middleware = (ctx) => {
      ctx.respond = false
      return app.callback()(ctx.req, ctx.res)
    }
    const reply = await raw(await serve(outer, put, inner, within))
    expect(reply).toMatchObject({ status: 200, text: 'hello' })
    expect(reply.cookies).toHaveLength(1)
    expect(found).toEqual(['ada', true])
    expect(await recordsIn(watched.dir)).toHaveLength(1)
  })

  it('publishes its events on the diagnostics channel', async () => {
    const heard: SessionEvent[] = []
    const hear = (event: unknown): void => void heard.push(event as SessionEvent)
    subscribe('vitrine:session', hear)
    onTestFinished(() => void unsubscribe('vitrine:session', hear))
    await raw(await serve(session({ store: watched.store }), put))
    expect(heard.map(({ type }) => type)).toEqual(['created'])
  })
})

function show(ctx: Context): void {
  ctx.body = ctx.session.data
}
