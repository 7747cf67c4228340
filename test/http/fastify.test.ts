import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import type { SessionEvent } from '../../src/core/events.ts'
import type { Session } from '../../src/core/session.ts'
import { session } from '../../src/fastify.ts'
import { createSessions } from '../../src/sessions/sessions.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { fastify as framework } from './frameworks.ts'
import { Browser, latch, listen, raw, recordsIn, watchedStore, type WatchedStore } from './kit.ts'
import { matrix } from './matrix.ts'

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown

let watched: WatchedStore

beforeEach(async () => {
  watched = await watchedStore()
})

/** `request.session`, in a checkout where the types of @fastify/session claim the name. */
function sessionOf(request: { readonly session: unknown }): Session {
  return request.session as Session
}

function put(request: FastifyRequest): void {
  sessionOf(request).data['user'] = 'ada'
}

async function start(app: FastifyInstance): Promise<string> {
  await app.ready()
  return listen((req, res) => app.routing(req, res))
}

/** An app whose only handler puts something in the session. */
function appWith(handler: Handler, gated = true): FastifyInstance {
  const app = fastify()
  if (gated) app.register(session, { store: watched.store })
  app.all('/', (request, reply) => {
    if (gated) put(request)
    return handler(request, reply)
  })
  return app
}

matrix(framework)

const LONG = 'a session you can see, '.repeat(20_000)
const pieces = (): Readable => Readable.from([LONG, LONG, LONG])

/** Every way that a Fastify handler can answer. */
const ANSWERS: Record<string, Handler> = {
  'an object': () => ({ text: LONG }),
  'an object, later': async () => ({ text: LONG }),
  'reply.send': (_request, reply) => void reply.send('hello'),
  'reply.send, returned': async (_request, reply) => reply.send('hello'),
  'a Buffer': async () => Buffer.from(LONG),
  'a typed array': async () => new Uint8Array(5),
  nothing: (_request, reply) => reply.send(),
  'a redirect': (_request, reply) => reply.redirect('/there', 303),
  'a 204': (_request, reply) => reply.code(204).send(),
  'a 304': (_request, reply) => reply.code(304).send(),
  'a 404': (_request, reply) => reply.code(404).send('not here'),
  'the 404 of the app': (_request, reply) => reply.callNotFound(),
  'a stream': async () => pieces(),
  'a stream with a length': (_request, reply) =>
    reply.header('content-length', 3 * LONG.length).send(pieces()),
  'a web stream': async () => Readable.toWeb(pieces()),
  'a Response': async () => new Response(LONG, { status: 201, headers: { 'x-one': 'two' } }),
  'cookies of its own': (_request, reply) =>
    reply.header('set-cookie', ['a=b', 'c=d']).header('set-cookie', 'e=f').send('x'),
  'a trailer': (_request, reply) => reply.trailer('x-sum', async () => '1').send('x'),
  'a serializer of its own': (_request, reply) =>
    reply
      .type('text/x')
      .serializer(() => 'xyz')
      .send({ x: 1 }),
  'reply.raw': (_request, reply) => {
    reply.raw.writeHead(201, { 'x-one': 'two', 'set-cookie': 'a=b' })
    reply.raw.end('raw')
  },
  'reply.raw after hijack': async (_request, reply) => {
    reply.hijack()
    reply.raw.setHeader('x-one', 'two')
    reply.raw.write('one ')
    await new Promise((resolve) => setTimeout(resolve, 20))
    reply.raw.end('two')
  },
  events: (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    reply.raw.write('data: one\n\n')
    setTimeout(() => reply.raw.end('data: two\n\n'), 20)
  },
}

async function seen(url: string, method: string): Promise<{ answer: object; sessions: number }> {
  const { status, headers, cookies, text } = await raw(url, [], method)
  for (const name of ['date', 'set-cookie', 'vary', 'cache-control']) delete headers[name]
  const own = cookies.filter((line) => !line.startsWith('id='))
  return { answer: { status, headers, own, text }, sessions: cookies.length - own.length }
}

describe('the client sees what it would see without sessions:', () => {
  it.each(Object.entries(ANSWERS))('%s', async (_name, handler) => {
    watched.beforeWrite = () => new Promise((resolve) => setTimeout(resolve, 15))
    const [plain, gated] = await Promise.all([
      start(appWith(handler, false)),
      start(appWith(handler)),
    ])
    for (const method of ['GET', 'HEAD']) {
      const there = await seen(gated, method)
      expect(there.answer).toEqual((await seen(plain, method)).answer)
      expect(there.sessions).toBe(1)
    }
    expect(watched.log).toEqual(['stored', 'stored'])
  })

  it('events as they happen', async () => {
    let tell = (_event: string): void => undefined
    const origin = await start(
      appWith((_request, reply) => {
        reply.hijack()
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
        tell = (event) => void reply.raw.write(`data: ${event}\n\n`)
        tell('one')
      }),
    )
    const response = await fetch(origin)
    expect(response.headers.getSetCookie()).toHaveLength(1)
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toBe('data: one\n\n')
    tell('two')
    expect((await reader.read()).value).toBe('data: two\n\n')
    await reader.cancel()
  })

  it.each(Object.keys(ANSWERS).filter((name) => name !== 'a trailer'))(
    'by inject: %s',
    async (name) => {
      const handler = ANSWERS[name] as Handler
      const plain = await appWith(handler, false).inject('/')
      const gated = await appWith(handler).inject('/')
      expect(gated.statusCode).toBe(plain.statusCode)
      expect(gated.payload === plain.payload).toBe(true)
      expect(gated.headers['content-type']).toBe(plain.headers['content-type'])
      expect(gated.cookies).toContainEqual(expect.objectContaining({ name: 'id', httpOnly: true }))
    },
  )

  it('over HTTP/2', async () => {
    const app = fastify({ http2: true })
    app.register(session, { store: watched.store })
    app.get('/object', async (request) => {
      sessionOf(request).data['user'] = 'ada'
      return { ok: true }
    })
    app.get('/stream', async (request) => {
      sessionOf(request).data['user'] = 'ada'
      return pieces()
    })
    const client = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
    onTestFinished(async () => {
      client.destroy()
      await app.close()
    })
    for (const [path, body] of [
      ['/object', '{"ok":true}'],
      ['/stream', LONG.repeat(3)],
    ]) {
      const request = client.request({ ':path': path })
      const [headers] = (await once(request, 'response')) as [IncomingHttpHeaders]
      expect((await text(request)) === body).toBe(true)
      expect(headers).toMatchObject({ ':status': 200, 'set-cookie': [expect.anything()] })
    }
  })
})

describe('a session that cannot be stored', () => {
  let failures: unknown[]

  beforeEach(() => {
    failures = []
    watched.beforeWrite = () => Promise.reject(new Error('ENOSPC'))
  })

  function withErrorPage(app: FastifyInstance, before: () => unknown = () => undefined): void {
    app.setErrorHandler(async (error: { code?: string }, _request, reply) => {
      failures.push(error.code)
      await before()
      return reply.code(503).send({ failed: error.code })
    })
  }

  it.each(Object.entries(ANSWERS).filter(([name]) => !/hijack|events/.test(name)))(
    'is answered by the error handler: %s',
    async (name, handler) => {
      const app = appWith(handler)
      withErrorPage(app)
      const reply = await raw(await start(app))
      expect(reply).toMatchObject({ status: 503, cookies: [] })
      expect(reply.headers).not.toHaveProperty('location')
      if (name !== 'a serializer of its own') expect(reply.json).toEqual({ failed: 'STORE' })
      expect(failures).toEqual(['STORE'])
    },
  )

  it.each(['reply.raw after hijack', 'events'])(
    'is an empty 500 and a line in the log when the reply was hijacked: %s',
    async (name) => {
      const lines: string[] = []
      const logger = { level: 'error', stream: { write: (line: string) => lines.push(line) } }
      const app = fastify({ logger })
      app.register(session, { store: watched.store })
      app.get('/', (request, reply) => {
        put(request)
        return ANSWERS[name]?.(request, reply)
      })
      const reply = await raw(await start(app))
      expect(reply).toMatchObject({ status: 500, text: '', cookies: [] })
      expect(reply.headers).not.toHaveProperty('content-type')
      expect(lines).toEqual([expect.stringContaining('"code":"STORE"')])
      expect(lines[0]).not.toMatch(/\bada\b/)
    },
  )

  it('is a plain 500 by Fastify’s own error handler', async () => {
    const origin = await start(appWith((_request, reply) => reply.redirect('/home')))
    const reply = await raw(origin)
    expect(reply).toMatchObject({
      status: 500,
      cookies: [],
      json: { statusCode: 500, code: 'STORE', error: 'Internal Server Error' },
    })
    expect(reply.headers).not.toHaveProperty('location')
    watched.beforeWrite = () => undefined
    expect(await raw(origin)).toMatchObject({ status: 302, cookies: [expect.anything()] })
  })

  it('is answered by the error handler of its scope, onError and onSend hooks included', async () => {
    const app = fastify()
    app.register(session, { store: watched.store })
    app.register(async (child) => {
      child.addHook('onError', async (_request, _reply, error) => void failures.push(error.code))
      child.addHook('onSend', async (_request, _reply, payload) => `[${String(payload)}]`)
      child.setErrorHandler((_error, _request, reply) => reply.code(503).send('in the child'))
      child.get('/', async (request) => {
        put(request)
        return 'fine'
      })
    })
    expect(await raw(await start(app))).toMatchObject({ status: 503, text: '[in the child]' })
    expect(failures).toEqual(['STORE'])
  })

  it('keeps the headers that are not about the answer', async () => {
    const app = appWith((_request, reply) =>
      reply
        .headers({ 'access-control-allow-origin': '*', vary: 'Origin' })
        .headers({ 'cache-control': 'public', 'content-language': 'en', etag: '"1"' })
        .send('made'),
    )
    const { headers } = await raw(await start(app))
    expect(headers).toMatchObject({ 'access-control-allow-origin': '*', vary: 'Origin' })
    for (const name of ['cache-control', 'content-language', 'etag']) {
      expect(headers).not.toHaveProperty(name)
    }
  })

  it('ends the stream that was to be sent', async () => {
    const source = new PassThrough()
    const app = appWith(async () => {
      source.write('one')
      return source
    })
    expect((await raw(await start(app))).status).toBe(500)
    await expect.poll(() => source.destroyed).toBe(true)
  })

  it('leaves the answer to another error that Fastify is busy with', async () => {
    const [busy, failed] = [latch(), latch()]
    const app = appWith((_request, reply) => {
      reply.raw.write('one')
      throw new Error('two')
    })
    app.addHook('onError', async () => {
      busy.open()
      await failed.opened
    })
    watched.beforeWrite = async () => {
      await busy.opened
      setTimeout(failed.open, 15)
      throw new Error('ENOSPC')
    }
    const reply = await raw(await start(app))
    expect(reply).toMatchObject({ status: 500, json: { message: 'two' }, cookies: [] })
  })

  it.each(['an object, later', 'reply.send, returned', 'a stream', 'a web stream'])(
    'lets an error page take its time after %s',
    async (name) => {
      const page = latch()
      const app = appWith(ANSWERS[name] as Handler)
      withErrorPage(app, () => page.opened)
      const reply = raw(await start(app))
      await expect.poll(() => failures).toEqual(['STORE'])
      page.open()
      expect(await reply).toMatchObject({ status: 503, json: { failed: 'STORE' } })
    },
  )
})

describe('a request that ends in an error stores nothing', () => {
  const boom = (statusCode?: number): Error => Object.assign(new Error('boom'), { statusCode })
  const ERRORS: Record<string, readonly [status: number, handler: Handler]> = {
    'thrown at once': [
      500,
      () => {
        throw boom()
      },
    ],
    'thrown later': [500, () => Promise.reject(boom())],
    'with a status of its own': [403, () => Promise.reject(boom(403))],
    sent: [422, (_request, reply) => void reply.send(boom(422))],
    'a stream that fails at once': [
      500,
      async () =>
        new Readable({
          read() {
            this.destroy(boom())
          },
        }),
    ],
    'a 503 without an error': [503, (_request, reply) => reply.code(503).send('later')],
  }

  it.each(Object.entries(ERRORS))('%s', async (_name, [status, handler]) => {
    expect(await raw(await start(appWith(handler)))).toMatchObject({ status, cookies: [] })
    expect(watched.log).toEqual([])
  })

  it('whatever the error handler makes of it, unless it flushes', async () => {
    const app = fastify()
    const sessions = session({ store: watched.store })
    app.register(sessions)
    app.setErrorHandler(async (_error, request, reply) => {
      if (request.url === '/flush') await sessions.sessions.engine.flush(sessions.of(request))
      return reply.redirect('/form')
    })
    app.get('/*', (request) => {
      put(request)
      throw boom()
    })
    const origin = await start(app)
    expect(await raw(origin)).toMatchObject({ status: 302, cookies: [] })
    expect(watched.log).toEqual([])
    await raw(`${origin}/flush`)
    expect(watched.log).toEqual(['stored'])
  })

  it('but an answer that is no error is committed, a 404 for instance', async () => {
    const app = fastify()
    app.register(session, { store: watched.store })
    app.setNotFoundHandler(async (request, reply) => {
      put(request)
      return reply.code(404).send('nothing here')
    })
    expect(await raw(await start(app))).toMatchObject({ status: 404, cookies: [expect.anything()] })
  })
})

describe('the plugin', () => {
  it('serves the app that registers it, and every scope below', async () => {
    const app = fastify()
    app.register(session, { store: watched.store })
    app.get('/', async (request) => sessionOf(request).data)
    app.register(
      async (child) => {
        child.register(async (grandchild) => {
          grandchild.get('/set', async (request) => put(request))
        })
      },
      { prefix: '/deep' },
    )
    const browser = new Browser(await start(app))
    await browser.get('/deep/set')
    expect((await browser.get('/')).json).toEqual({ user: 'ada' })
  })

  it('registered in a scope, stays in it', async () => {
    const app = fastify()
    app.get('/', async (request) => String(sessionOf(request)))
    app.register(async (child) => {
      child.register(session, { store: watched.store })
      child.get('/child', async (request) => Object.keys(sessionOf(request).data))
    })
    const origin = await start(app)
    expect((await raw(`${origin}/child`)).json).toEqual([])
    expect((await raw(origin)).text).toBe('undefined')
  })

  it('registered twice, opens one session and sends one cookie', async () => {
    const [outer, inner] = [session({ store: watched.store }), session({ store: watched.store })]
    const app = fastify()
    app.register(outer)
    app.register(outer)
    app.register(async (child) => {
      child.register(inner)
      child.get('/', async (request) => {
        put(request)
        expect(() => inner.of(request)).toThrow(TypeError)
        return outer.of(request) === sessionOf(request)
      })
    })
    const reply = await raw(await start(app))
    expect(reply).toMatchObject({ status: 200, json: true, cookies: [expect.anything()] })
    expect(await recordsIn(watched.dir)).toHaveLength(1)
  })

  it('types the data by the schema', async () => {
    const cart = session({
      schema: z.object({ items: z.array(z.string()).default([]) }),
      store: memoryStore(),
    })
    const app = fastify()
    app.register(cart)
    app.get<{ Params: { item: string } }>('/:item', async (request) => {
      const items: string[] = cart.of(request).data.items
      items.push(request.params.item)
      return items
    })
    const browser = new Browser(await start(app))
    await browser.get('/tea')
    expect((await browser.get('/milk')).json).toEqual(['tea', 'milk'])
  })

  it.each(['register', 'session'] as const)('takes ready-made sessions in %s()', async (place) => {
    const made = createSessions({ store: memoryStore() })
    const app = fastify()
    if (place === 'register') app.register(session, made)
    else app.register(session(made))
    app.get('/', async (request) => put(request))
    const browser = new Browser(await start(app))
    await browser.get('/')
    const [, id = ''] = (await browser.cookies()).split('=')
    expect((await made.engine.retrieve(id))?.data).toEqual({ user: 'ada' })
  })

  it('refuses an impossible option, when it is made or when the app starts', async () => {
    expect(() => session({ idle: -1 })).toThrow(expect.objectContaining({ code: 'CONFIG' }))
    const app = fastify()
    app.register(session, { idle: -1 })
    await expect(app.ready()).rejects.toMatchObject({ code: 'CONFIG' })
  })

  it('does not share the name with another library’s sessions', async () => {
    const app = fastify().decorateRequest('session')
    app.register(session, { store: watched.store })
    await expect(app.ready()).rejects.toMatchObject({ code: 'FST_ERR_DEC_ALREADY_PRESENT' })
  })

  it('can be asked for by the plugins that need it', async () => {
    const app = fastify()
    await app.register(session, { store: watched.store })
    expect([app.hasPlugin('vitrine'), app.hasRequestDecorator('session')]).toEqual([true, true])
  })

  it('publishes its events on the diagnostics channel, besides report', async () => {
    const heard: SessionEvent[] = []
    const told: SessionEvent[] = []
    const hear = (event: unknown): void => void heard.push(event as SessionEvent)
    subscribe('vitrine:session', hear)
    onTestFinished(() => void unsubscribe('vitrine:session', hear))
    const app = fastify()
    app.register(session, { store: watched.store, report: (event) => told.push(event) })
    app.get('/', async (request) => put(request))
    await raw(await start(app))
    expect(heard.map(({ type }) => type)).toEqual(['created'])
    expect(told).toEqual(heard)
  })
})
