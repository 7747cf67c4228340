import { createHash, randomBytes } from 'node:crypto'
import { once, type EventEmitter } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { Agent, get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import compression from 'compression'
import express, { type Request, type Response } from 'express'
import { describe, expect, it } from 'vitest'
import { session } from '../../src/express.ts'
import { listen, sessionDir, watchedStore } from './kit.ts'

type Handler = (req: Request, res: Response) => unknown

const LONG = 'a session you can see, '.repeat(1000)
const BIG = randomBytes(5 * 1024 * 1024) // nothing that compression makes small

/** Pieces that each fill the buffers. */
function* pieces(total = 400_000): Generator<Buffer> {
  for (let at = 0; at < total; at += 100_000) yield BIG.subarray(at, at + 100_000)
}

/** Answers in every way that an Express handler can answer. */
function answers(file: string): Record<string, Handler> {
  return {
    'res.json': (_req, res) => res.json({ text: LONG }),
    'res.send': (_req, res) => res.send(LONG),
    'res.redirect': (_req, res) => res.redirect(303, '/there'),
    'res.sendFile': (_req, res) => res.sendFile(file),
    'res.sendStatus 204': (_req, res) => res.sendStatus(204),
    'a 304': (_req, res) => res.status(304).end(),
    'a 404': (_req, res) => res.status(404).send('not here'),
    'a 503': (_req, res) => res.status(503).send('not now'),
    'end with text': (_req, res) => res.end(LONG),
    'end with nothing': (_req, res) => res.end(),
    'end with a Buffer': (_req, res) => res.end(Buffer.from(LONG)),
    'several writes': (_req, res) => {
      res.type('text')
      res.write('one ')
      res.write(Buffer.from('two '))
      res.end('dGhyZWU=', 'base64')
    },
    'writes over time': async (_req, res) => {
      res.type('text').write('one ')
      await new Promise((resolve) => setTimeout(resolve, 20))
      res.write('two ')
      await new Promise((resolve) => setTimeout(resolve, 20))
      res.end('three')
    },
    'a piped stream of 5 MB': (_req, res) =>
      Readable.from(pieces(BIG.length)).pipe(res.type('text')),
    'a pipeline': (_req, res) => pipeline(Readable.from(pieces()), res.type('text')),
    'a pipeline from a generator': (_req, res) => pipeline(() => pieces(), res.type('text')),
    'a writer who waits for drain': async (_req, res) => {
      res.type('text')
      for (const piece of pieces()) if (!res.write(piece)) await once(res, 'drain')
      res.end()
    },
    'headers flushed, then a pipe': (_req, res) => {
      res.type('text').flushHeaders()
      Readable.from(pieces()).pipe(res)
    },
    'writeHead with an object': (_req, res) =>
      res.writeHead(201, { 'Content-Type': 'text/plain', 'X-One': 'two' }).end(LONG),
    'writeHead with a reason': (_req, res) => res.writeHead(200, 'Fine', { 'X-One': '2' }).end('x'),
    'writeHead with a flat array': (_req, res) =>
      res.writeHead(200, ['Content-Type', 'text/plain', 'X-One', 'two']).end(LONG),
    'writeHead over earlier headers': (_req, res) => {
      res.setHeader('X-One', 'one')
      res.writeHead(200, ['X-One', 'two']).end('x')
    },
    'writeHead with its own cookie': (_req, res) =>
      res.writeHead(200, { 'Set-Cookie': ['theme=dark', 'lang=en'] }).end('x'),
    'writeHead, and nothing else for a while': async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/plain' })
      await new Promise((resolve) => setTimeout(resolve, 20))
      res.end(LONG)
    },
    trailers: (req, res) => {
      if (req.method === 'GET') res.setHeader('Trailer', 'X-Sum')
      res.write('x')
      res.addTrailers({ 'X-Sum': '1' })
      res.end()
    },
  }
}

const MOUNTS = ['no compression', 'compression before', 'compression after'] as const

async function serve(mount: (typeof MOUNTS)[number], gated: boolean): Promise<string> {
  const file = join(await sessionDir(), 'file.txt')
  await writeFile(file, LONG)
  const watched = await watchedStore()
  watched.beforeWrite = () => new Promise((resolve) => setTimeout(resolve, 15))
  const app = express().disable('etag')
  if (mount === 'compression before') app.use(compression())
  if (gated) app.use(session({ store: watched.store }))
  if (mount === 'compression after') app.use(compression())
  const handlers = answers(file)
  app.use((req, res, next) => {
    if (gated) req.session.data['user'] = 'ada'
    Promise.resolve(handlers[req.query['answer'] as string]?.(req, res)).catch(next)
  })
  return listen(app)
}

/** A response as the client sees it, without what the session adds and what time changes. */
async function seen(
  url: string,
  init: RequestInit,
): Promise<{ readonly answer: object; readonly sessions: number }> {
  const response = await fetch(url, { redirect: 'manual', ...init })
  const headers = Object.fromEntries(response.headers)
  for (const name of ['date', 'last-modified', 'etag', 'set-cookie', 'vary', 'cache-control']) {
    delete headers[name]
  }
  const cookies = response.headers.getSetCookie()
  const body = Buffer.from(await response.arrayBuffer())
  const { status, statusText } = response
  const own = cookies.filter((line) => !line.startsWith('id='))
  const hash = createHash('sha256').update(body).digest('hex')
  return {
    answer: { status, statusText, headers, own, size: body.length, hash },
    sessions: cookies.length - own.length,
  }
}

describe.each(MOUNTS)('with %s, the client sees what it would see without sessions:', (mount) => {
  it.each(Object.keys(answers('')))('%s', async (answer) => {
    const [plain, gated] = await Promise.all([serve(mount, false), serve(mount, true)])
    const query = `/?answer=${encodeURIComponent(answer)}`
    for (const method of ['GET', 'HEAD']) {
      const without = await seen(plain + query, { method })
      const there = await seen(gated + query, { method })
      expect(there.answer).toEqual(without.answer)
      expect(there.sessions).toBe(answer === 'a 503' ? 0 : 1)
    }
  })

  it('a part of a file', async () => {
    const [plain, gated] = await Promise.all([serve(mount, false), serve(mount, true)])
    const part = { headers: { range: 'bytes=10-19' } }
    const { answer } = await seen(`${gated}/?answer=res.sendFile`, part)
    expect(answer).toEqual((await seen(`${plain}/?answer=res.sendFile`, part)).answer)
    expect(answer).toMatchObject({ status: 206, size: 10 })
  })

  it('events as they happen', async () => {
    const { store } = await watchedStore()
    const app = express()
    if (mount === 'compression before') app.use(compression())
    app.use(session({ store }))
    if (mount === 'compression after') app.use(compression())
    let tell = (_event: string): void => undefined
    app.get('/', (req, res) => {
      req.session.data['user'] = 'ada'
      res.type('text/event-stream').flushHeaders()
      tell = (event) => {
        res.write(`data: ${event}\n\n`)
        ;(res as { flush?: () => void }).flush?.()
      }
      tell('one')
    })
    const response = await fetch(await listen(app))
    expect(response.headers.getSetCookie()).toHaveLength(1)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    let heard = ''
    const hear = async (event: string): Promise<void> => {
      while (!heard.endsWith(`data: ${event}\n\n`)) {
        heard += decoder.decode((await reader.read()).value, { stream: true })
      }
    }
    await hear('one')
    tell('two')
    await hear('two')
    expect(heard).toBe('data: one\n\ndata: two\n\n')
    await reader.cancel()
  })
})

describe('one connection', () => {
  it('leaves no listeners behind', async () => {
    const { store } = await watchedStore()
    const left: number[] = []
    const onSocket: number[] = []
    const app = express()
    app.use(session({ store }))
    app.get('/', (req, res) => {
      req.session.data['user'] = 'ada'
      onSocket.push(listenersOf(req.socket))
      const before = listenersOf(res)
      res.on('finish', () => left.push(listenersOf(res) - before))
      res.send('hello')
    })
    const origin = await listen(app)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let count = 0; count < 12; count++) {
      const [response] = (await once(get(origin, { agent }), 'response')) as [IncomingMessage]
      await text(response)
    }
    agent.destroy()
    expect(new Set(onSocket.slice(1)).size).toBe(1)
    expect(new Set(left)).toEqual(new Set([-1])) // two less for the gate, one more for this test
  })
})

function listenersOf(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)
}
