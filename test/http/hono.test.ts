import { type } from 'arktype'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { stream, streamSSE } from 'hono/streaming'
import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest'
import type { Session } from '../../src/core/session.ts'
import { session, type SessionVariables } from '../../src/hono.ts'
import { createSessions } from '../../src/sessions/sessions.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { hono } from './frameworks.ts'
import { listenHono } from './frameworks/hono.ts'
import { Browser, latch, raw, recordsIn, watchedStore, type WatchedStore } from './kit.ts'
import { matrix } from './matrix.ts'

matrix(hono)

interface Env {
  Variables: SessionVariables
}

let watched: WatchedStore

beforeEach(async () => {
  watched = await watchedStore()
})

/** An app whose every request puts something into its session. */
function putting(): Hono<Env> {
  const app = new Hono<Env>()
  app.use(session({ store: watched.store }))
  app.use((c, next) => {
    c.get('session').data['user'] = 'ada'
    return next()
  })
  return app
}

describe('a Hono answer', () => {
  it('is committed when there is no handler', async () => {
    const response = await putting().request('/')
    expect(response.status).toBe(404)
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  it.each([
    ['a redirect', () => Response.redirect('http://localhost/home', 303)],
    ['one that was fetched', () => fetch('data:text/plain,hello')],
  ])('that is immutable carries the cookie: %s', async (_what, answer) => {
    const response = await putting()
      .get('/', () => answer())
      .request('/')
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/^id=/)])
    expect(response.headers.get('cache-control')).toBe('private')
  })

  it('keeps what middleware said on both sides of the session', async () => {
    const app = new Hono()
    app.use(cors({ origin: 'http://there', credentials: true }))
    app.use(async (c, next) => {
      await next()
      c.header('set-cookie', 'lang=en', { append: true })
      c.header('x-after', 'yes')
    })
    app.route('/', putting())
    app.get('/', (c) => {
      c.header('set-cookie', 'theme=dark')
      return c.text('hello', 201)
    })
    const { status, headers } = await app.request('/', { headers: { origin: 'http://there' } })
    expect(status).toBe(201)
    expect(headers.get('access-control-allow-origin')).toBe('http://there')
    expect(headers.get('x-after')).toBe('yes')
    expect(headers.get('vary')).toBe('Cookie, Origin')
    const names = headers.getSetCookie().map((line) => line.split('=')[0])
    expect(names).toEqual(['theme', 'id', 'lang'])
  })

  it('that streams is not awaited, over HTTP', async () => {
    const more = latch()
    const app = putting()
    app.get('/stream', (c) =>
      stream(c, async (out) => {
        await out.write('one ')
        await more.opened
        await out.write('two')
      }),
    )
    app.get('/events', (c) =>
      streamSSE(c, async (out) => {
        await out.writeSSE({ data: 'one' })
        await more.opened
        await out.writeSSE({ data: 'two' })
      }),
    )
    const origin = await listenHono(app)
    const replies = await Promise.all(['/stream', '/events'].map((path) => fetch(origin + path)))
    for (const { headers } of replies) expect(headers.getSetCookie()).toHaveLength(1)
    more.open()
    expect(await Promise.all(replies.map((reply) => reply.text()))).toEqual([
      'one two',
      'data: one\n\ndata: two\n\n',
    ])
  })
})

describe('an error in Hono', () => {
  it('stores nothing, whatever its status', async () => {
    const app = putting().get('/', () => {
      throw new HTTPException(401, { message: 'not you' })
    })
    const response = await app.request('/')
    expect(response.status).toBe(401)
    expect(await response.text()).toBe('not you')
    expect(response.headers.getSetCookie()).toEqual([])
    expect(watched.log).toEqual([])
  })

  it('stores nothing when onError makes an answer of it, in an app within the app too', async () => {
    const inner = new Hono()
    inner.onError((_error, c) => c.text('inner'))
    inner.get('/', () => {
      throw new Error('no')
    })
    const app = putting().onError((_error, c) => c.text('outer'))
    app.route('/inner', inner)
    app.get('/', () => {
      throw new Error('no')
    })
    for (const [path, said] of [
      ['/', 'outer'],
      ['/inner', 'inner'],
    ] as const) {
      const response = await app.request(path)
      expect(response.status).toBe(200)
      expect(await response.text()).toBe(said)
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect(watched.log).toEqual([])
  })
})

describe('a Hono session that cannot be stored', () => {
  beforeEach(() => {
    watched.beforeWrite = () => Promise.reject(new Error('ENOSPC'))
  })

  it('is answered by onError, with nothing of the answer that is not given', async () => {
    const cancelled = latch()
    const app = new Hono()
      .use(cors({ origin: 'http://there' }))
      .onError((error, c) => c.json({ failed: (error as { code?: string }).code }))
      .route('/', putting())
      .get('/', (c) => {
        c.status(201)
        c.header('set-cookie', 'theme=dark')
        c.header('content-language', 'en')
        c.header('location', '/home')
        return c.body(new ReadableStream({ cancel: cancelled.open }), {
          headers: { etag: '"1"', 'content-type': 'image/png' },
        })
      })
    const response = await app.request('/', { headers: { origin: 'http://there' } })
    expect(response.status).toBe(500) // though the error handler forgot to say so
    expect(await response.json()).toEqual({ failed: 'STORE' })
    expect(Object.fromEntries(response.headers)).toEqual({
      'access-control-allow-origin': 'http://there',
      'content-type': 'application/json',
      vary: 'Origin',
    })
    await cancelled.opened
  })

  it.each([
    ['c.redirect', (app: Hono<Env>) => app.get('/', (c) => c.redirect('/home'))],
    [
      'Response.redirect',
      (app: Hono<Env>) => app.get('/', () => Response.redirect('http://l/', 302)),
    ],
    ['no handler', (app: Hono<Env>) => app],
  ])('is a plain 500 without an onError: %s', async (_what, answer) => {
    const app = answer(putting())
    const { error } = console
    console.error = () => undefined
    const response = await Promise.resolve(app.request('/')).finally(() => (console.error = error))
    expect(response.status).toBe(500)
    expect(await response.text()).toBe('Internal Server Error')
    expect([...response.headers.keys()]).toEqual(['content-type'])
  })
})

describe('session() for Hono', () => {
  it('types the data by the schema, for the apps it is chained to', async () => {
    const Cart = type({ items: type('string[]').default(() => []) })
    const app = new Hono()
      .use(session({ schema: Cart, store: memoryStore() }))
      .get('/:item', (c) => {
        expectTypeOf(c.get('session')).toEqualTypeOf<Session<{ items: string[] }>>()
        expectTypeOf(c.var.session.data.items).toEqualTypeOf<string[]>()
        c.var.session.data.items.push(c.req.param('item'))
        return c.json(c.var.session.data)
      })
    const browser = new Browser(await listenHono(app))
    await browser.get('/tea')
    expect(await browser.get('/milk')).toMatchObject({ json: { items: ['tea', 'milk'] } })
  })

  it('types the data by name, for apps that are written in pieces', async () => {
    interface Cart {
      items?: string[]
    }
    const app = new Hono<{ Variables: SessionVariables<Cart> & { other: number } }>()
    app.use(session(createSessions({ schema: type({ 'items?': 'string[]' }) })))
    app.get('/', (c) => {
      expectTypeOf(c.get('session').data).toEqualTypeOf<Cart>()
      expectTypeOf(c.get('other')).toEqualTypeOf<number>()
      return c.json(c.get('session').isNew)
    })
    expect(await (await app.request('/')).json()).toBe(true)
  })

  it('takes sessions that were made before', async () => {
    const made = createSessions({ store: memoryStore() })
    const known = await made.engine.create({ user: 'ada' })
    const ticket = await made.engine.flush(known)
    const app = new Hono().use(session(made)).get('/', (c) => c.json(c.var.session.data))
    const response = await app.request('/', { headers: { cookie: `id=${ticket}` } })
    expect(await response.json()).toEqual({ user: 'ada' })
  })

  it('mounted twice, opens one session and sends one cookie', async () => {
    const inner = new Hono<Env>()
    inner.use(session({ store: watched.store }))
    inner.get('/', (c) => c.json(c.get('session').data))
    const app = putting().route('/inner', inner)
    const reply = await raw(`${await listenHono(app)}/inner`)
    expect(reply).toMatchObject({ status: 200, json: { user: 'ada' } })
    expect(reply.cookies).toHaveLength(1)
    expect(await recordsIn(watched.dir)).toHaveLength(1)
  })
})
