import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import express from 'express'
import expressSession, { type Cookie } from 'express-session'
import fastify from 'fastify'

/** A session as an app sees it under either library. */
export interface Live {
  cookie: Cookie
  [key: string]: unknown
}

/** What an action of the app under test gets. */
export interface Context {
  readonly query: Readonly<Record<string, string>>
  readonly body: unknown
  readonly session: Live
  save(): Promise<void>
  reload(): Promise<void>
  regenerate(): Promise<void>
  destroy(): Promise<void>
}

/** The app under test: `/name` runs the action of that name and answers what it returns. */
export type Actions = Readonly<Record<string, (context: Context) => unknown>>

/** The settings that both libraries have. */
export interface Settings {
  readonly rolling?: boolean
  readonly saveUninitialized?: boolean
  readonly maxAge?: number
}

export interface App {
  readonly url: string
  close(): Promise<void>
}

export interface Framework {
  readonly name: string
  /** @param store `null`: the library's own */
  start(store: object | null, actions: Actions, settings?: Settings): Promise<App>
}

const SECRET = 'a secret of no less than 32 characters'

const onExpress: Framework = {
  name: 'express-session',

  async start(store, actions, settings = {}) {
    const { maxAge, rolling = false, saveUninitialized = false } = settings
    const app = express()
    app.set('env', 'test') // no stack traces in the output
    app.use(
      expressSession({
        secret: SECRET,
        resave: false,
        saveUninitialized,
        rolling,
        ...(store && { store }),
        ...(maxAge !== undefined && { cookie: { maxAge } }),
      }),
    )
    app.use(express.json())
    app.all('/:action', async (req, res) => {
      const held = req as unknown as { session: expressSession.Session }
      const promised = (call: (done: (error?: unknown) => void) => unknown) =>
        new Promise<void>((resolve, reject) => {
          call((error) => (error instanceof Error ? reject(error) : resolve()))
        })
      const answer = await actions[req.params.action]?.({
        query: req.query as Record<string, string>,
        body: req.body as unknown,
        get session() {
          return held.session
        },
        save: () => promised((done) => held.session.save(done)),
        reload: () => promised((done) => held.session.reload(done)),
        regenerate: () => promised((done) => held.session.regenerate(done)),
        destroy: () => promised((done) => held.session.destroy(done)),
      })
      res.json(answer ?? null)
    })
    const server = http.createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return {
      url: `http://127.0.0.1:${port}`,
      async close() {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  },
}

const onFastify: Framework = {
  name: '@fastify/session',

  async start(store, actions, settings = {}) {
    const { maxAge, rolling = false, saveUninitialized = false } = settings
    const app = fastify({ forceCloseConnections: true })
    await app.register(fastifyCookie)
    await app.register(fastifySession, {
      secret: SECRET,
      saveUninitialized,
      rolling,
      cookie: { secure: false, ...(maxAge !== undefined && { maxAge }) },
      ...(store && { store: store as never }),
    })
    app.all('/:action', async (request) => {
      const { action } = request.params as { action: string }
      const answer: unknown = await actions[action]?.({
        query: request.query as Record<string, string>,
        body: request.body,
        get session() {
          return request.session as unknown as Live
        },
        save: () => request.session.save(),
        reload: () => request.session.reload(),
        regenerate: () => request.session.regenerate(),
        destroy: () => request.session.destroy(),
      })
      return answer ?? null
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return { url, close: () => app.close() }
  },
}

/** Both libraries that take a store made for express-session. */
export const frameworks: readonly Framework[] = [onExpress, onFastify]

/** A browser of few parts: keeps cookies, asks the app under test. */
export interface Client {
  cookie: string
  /** What the app answered; throws when that was no 2xx. */
  get(path: string): Promise<unknown>
  post(path: string, body: unknown): Promise<unknown>
  fetch(path: string, init?: RequestInit): Promise<Response>
}

export function clientOf(app: App, cookie = ''): Client {
  const client: Client = {
    cookie,
    async fetch(path, init = {}) {
      const headers = { ...(init.headers as Record<string, string>), cookie: client.cookie }
      const response = await fetch(app.url + path, { ...init, headers })
      const [set] = response.headers.getSetCookie()
      if (set !== undefined) client.cookie = set.split(';')[0] ?? ''
      return response
    },
    get: (path) => answered(client.fetch(path)),
    post: (path, body) =>
      answered(
        client.fetch(path, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      ),
  }
  return client

  async function answered(asked: Promise<Response>): Promise<unknown> {
    const response = await asked
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return response.json()
  }
}

/** A door that opens when `count` have come to it, so that they go on together. */
export function barrier(count: number): () => Promise<void> {
  let left = count
  let open: () => void
  const opened = new Promise<void>((resolve) => (open = resolve))
  return () => {
    if (--left === 0) open()
    return opened
  }
}

/** A request that waits inside its action until the test lets it go on. */
export interface Pause {
  /** Settles when the request is there. */
  readonly reached: Promise<void>
  readonly goOn: () => void
  /** For the action. */
  readonly wait: () => Promise<void>
}

export function pause(): Pause {
  let arrive: () => void
  let goOn: () => void
  const reached = new Promise<void>((resolve) => (arrive = resolve))
  const released = new Promise<void>((resolve) => (goOn = resolve))
  return {
    reached,
    goOn: () => goOn(),
    wait() {
      arrive()
      return released
    },
  }
}
