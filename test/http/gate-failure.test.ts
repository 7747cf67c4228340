import { randomBytes } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import compression from 'compression'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { beforeEach, describe, expect, it } from 'vitest'
import { session } from '../../src/express.ts'
import { latch, listen, raw, watchedStore, type WatchedStore } from './kit.ts'

let watched: WatchedStore
let failures: unknown[]

beforeEach(async () => {
  watched = await watchedStore()
  watched.beforeWrite = () => Promise.reject(new Error('ENOSPC'))
  failures = []
})

/** An app whose store refuses everything. */
function app(
  handler: (req: Request, res: Response) => unknown,
  prepare?: (app: Express) => void,
): Express {
  const server = express()
  server.use(session({ store: watched.store }))
  prepare?.(server)
  server.use((req, res, next) => {
    req.session.data['user'] = 'ada'
    Promise.resolve(handler(req, res)).catch(next)
  })
  return server
}

/** Answers errors, late if it is told to. */
function withErrorPage(
  server: Express,
  before: () => Promise<void> = async () => undefined,
): Express {
  server.use(
    async (error: { code?: string }, _req: Request, res: Response, _next: NextFunction) => {
      failures.push(error.code)
      await before()
      if (!res.headersSent) res.status(503).json({ failed: error.code })
    },
  )
  return server
}

const GZIP = [['accept-encoding', 'gzip']] as const
const FILE = fileURLToPath(import.meta.url)

const HANDLERS: Record<string, (req: Request, res: Response) => unknown> = {
  'res.json': (_req, res) => res.json({ ok: true }),
  'res.redirect': (_req, res) => res.redirect('/home'),
  'res.sendFile': (_req, res) => res.sendFile(FILE),
  'a 304': (_req, res) => res.status(304).end(),
  'writeHead by hand': (_req, res) =>
    res.writeHead(201, 'Made', { 'Content-Type': 'image/png', 'Set-Cookie': 'a=b' }).end('png'),
  'a long text': (_req, res) => res.type('text').send('a'.repeat(100_000)),
  events: (_req, res) => {
    res.type('text/event-stream').flushHeaders()
    res.write('data: one\n\n')
  },
  'a pipe': (_req, res) => Readable.from(['a', 'b', 'c']).pipe(res.type('text')),
  'a pipeline': (_req, res) => pipeline(Readable.from(['a', 'b']), res).catch(() => undefined),
}

const MOUNTS = {
  'no compression': () => undefined,
  'compression after': (server: Express) => server.use(compression({ threshold: 0 })),
}

describe.each(Object.entries(MOUNTS))(
  'a session that cannot be stored, with %s,',
  (_name, prepare) => {
    it.each(Object.entries(HANDLERS))(
      'is answered by the error handler: %s',
      async (_what, handler) => {
        const origin = await listen(withErrorPage(app(handler, prepare)))
        const reply = await raw(origin, GZIP)
        expect(reply).toMatchObject({ status: 503, json: { failed: 'STORE' }, cookies: [] })
        expect(reply.headers).not.toHaveProperty('content-encoding')
        expect(reply.headers).not.toHaveProperty('location')
        expect(reply.headers).not.toHaveProperty('last-modified')
        expect(failures).toEqual(['STORE'])
        expect((await raw(origin)).status).toBe(503)
      },
    )
  },
)

describe('a session that cannot be stored', () => {
  it('is a plain 500 by the framework’s own error handler, also behind compression', async () => {
    const server = express().set('env', 'test')
    server.use(compression({ threshold: 0 }))
    server.use(app((_req, res) => res.status(201).send('made')).set('env', 'test'))
    const response = await fetch(await listen(server))
    expect(response).toMatchObject({ status: 500, statusText: 'Internal Server Error' })
    expect(await response.text()).toContain('Cannot write a session')
  })

  it('is a 500 even when the error handler forgets to say so', async () => {
    const server = app((_req, res) => res.status(201).send('made'))
    server.use((_error: unknown, _req: Request, res: Response, _next: NextFunction) => {
      res.end('sorry')
    })
    expect(await raw(await listen(server))).toMatchObject({ status: 500, text: 'sorry' })
  })

  it('keeps the headers that are not about the answer', async () => {
    const server = app((_req, res) => {
      res.set({
        'Content-Security-Policy': "default-src 'self'",
        'Access-Control-Allow-Origin': '*',
      })
      res.set({ 'Cache-Control': 'public, max-age=60', ETag: '"1"', 'Content-Language': 'en' })
      res.vary('Origin').send('made')
    })
    const { headers } = await raw(await listen(withErrorPage(server)))
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'self'",
      'access-control-allow-origin': '*',
      vary: 'Origin',
    })
    expect(headers).not.toHaveProperty('cache-control')
    expect(headers).not.toHaveProperty('content-language')
    expect(headers['etag']).not.toBe('"1"')
  })

  it('ends what was piped, and tells whoever gave a callback', async () => {
    const source = new PassThrough()
    const told: unknown[] = []
    const server = app((_req, res) => {
      res.write('one', (error) => told.push((error as { code?: string }).code))
      source.pipe(res)
      source.write('two')
    })
    expect((await raw(await listen(withErrorPage(server)))).status).toBe(503)
    await expect.poll(() => source.destroyed).toBe(true)
    expect(told).toEqual(['STORE'])
  })

  const WRITERS: Record<string, () => Express> = {
    'a pipeline': () =>
      app((_req, res) => void pipeline(Readable.from(['a', 'b', 'c']), res).catch(() => undefined)),
    'a pipe': () => app((_req, res) => Readable.from(['a', 'b', 'c']).pipe(res)),
    'a compressed answer': () =>
      app(
        (_req, res) => res.type('text').send('a'.repeat(100_000)),
        (server) => server.use(compression()),
      ),
  }

  it.each(Object.entries(WRITERS))(
    'lets an error page take its time after %s',
    async (_, server) => {
      const page = latch()
      const reply = raw(await listen(withErrorPage(server(), () => page.opened)), GZIP)
      await expect.poll(() => failures).toEqual(['STORE'])
      await new Promise((resolve) => setTimeout(resolve, 30))
      page.open()
      expect(await reply).toMatchObject({ status: 503, json: { failed: 'STORE' } })
    },
  )

  it.each(Object.entries(WRITERS))('lets an error page stream after %s', async (_, failing) => {
    const page = randomBytes(500_000).toString('base64')
    const server = failing()
    server.use((_error: unknown, _req: Request, res: Response, _next: NextFunction) => {
      Readable.from([page.slice(0, 200_000), page.slice(200_000)]).pipe(res.status(503))
    })
    const reply = await raw(await listen(server), GZIP)
    expect(reply.status).toBe(503)
    expect(reply.text === page).toBe(true)
  })

  it('survives a handler that writes on at once', async () => {
    const wrote = latch()
    const server = app((_req, res) => {
      res.write('one', () => {
        res.write('two')
        setImmediate(wrote.open)
      })
    })
    const origin = await listen(withErrorPage(server))
    expect(await raw(origin)).toMatchObject({ status: 503, json: { failed: 'STORE' } })
    await wrote.opened
    expect((await raw(origin)).status).toBe(503)
  })

  it('survives a handler that writes on, long after', async () => {
    const wrote = latch()
    const server = app((_req, res) => {
      res.write('one')
      setTimeout(() => {
        res.write('two')
        res.end('three')
        res.end()
        wrote.open()
      }, 30)
    })
    const origin = await listen(withErrorPage(server))
    expect(await raw(origin)).toMatchObject({ status: 503, json: { failed: 'STORE' } })
    await wrote.opened
    await new Promise((resolve) => setImmediate(resolve))
    expect((await raw(origin)).status).toBe(503)
  })

  it('is no obstacle to the next request, once the store is well', async () => {
    const origin = await listen(withErrorPage(app((_req, res) => res.send('made'))))
    expect((await raw(origin)).status).toBe(503)
    watched.beforeWrite = () => undefined
    const reply = await raw(origin)
    expect(reply).toMatchObject({ status: 200, text: 'made' })
    expect(reply.cookies).toHaveLength(1)
  })
})

describe('an answer that cannot be sent after the session is stored', () => {
  it('goes to the error handler as well', async () => {
    watched.beforeWrite = () => undefined
    const server = app((_req, res) => {
      res.statusMessage = 'no\nnews'
      res.end('done')
    })
    const reply = await raw(await listen(withErrorPage(server)))
    expect(reply).toMatchObject({ status: 503, json: { failed: 'ERR_INVALID_CHAR' }, cookies: [] })
  })
})
