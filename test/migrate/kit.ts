import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { CookieJar } from 'tough-cookie'
import { onTestFinished } from 'vitest'

/** A directory of the test's own, gone after it. */
export async function directory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'vitrine-migrate-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** Where an app answers, until it is stopped or the test ends. */
export interface Site {
  readonly url: string
  stop(): Promise<void>
}

export async function listen(listener: RequestListener): Promise<Site> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  onTestFinished(stop)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop }
}

/** What the apps of these tests do to the session of a request, in the words of the library they use. */
export interface Held {
  readonly data: () => object
  set(key: string, value: unknown): void | Promise<void>
  end(): void | Promise<void>
  renew?(): void
}

/**
 * The app, before and after: `/` shows the data, `/set?a=1` adds to it, `/renew` and `/logout` do what they say,
 * `/fail` sets and breaks. A request with `wait` goes on when as many have come; `/waiting` says how many are there.
 */
export function appOn(
  sessions: readonly RequestHandler[],
  held: (req: IncomingMessage) => Held,
): Express {
  const app = express()
  app.set('env', 'test') // no stack traces in the output
  app.use(...sessions)
  let waiting: (() => void)[] = []
  app.use(async (req, _res, next) => {
    const { wait } = req.query
    if (wait !== undefined) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        if (waiting.length < Number(wait)) return
        for (const go of waiting) go()
        waiting = []
      })
    }
    next()
  })
  app.get('/waiting', (_req, res) => void res.json(waiting.length))
  app.get('/', (req, res) => void res.json(held(req).data()))
  app.get('/set', async (req, res) => {
    const { wait: _, ...members } = req.query
    for (const [key, value] of Object.entries(members)) await held(req).set(key, value)
    res.json(held(req).data())
  })
  app.get('/renew', (req, res) => {
    held(req).renew?.()
    res.json(null)
  })
  app.get('/logout', async (req, res) => {
    await held(req).end()
    res.json(null)
  })
  app.get('/fail', async (req, res) => {
    await held(req).set('failed', true)
    res.status(500).json(null)
  })
  const answer: ErrorRequestHandler = (error: { code?: string }, _req, res, _next) =>
    void res.status(500).json({ failed: error.code ?? String(error) })
  app.use(answer)
  return app
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  /** The names that were set, and those that were taken away with a minus. */
  readonly cookies: readonly string[]
}

/** A browser that stays the same while the app changes. */
export class Browser {
  readonly jar: CookieJar

  constructor(jar = new CookieJar()) {
    this.jar = jar
  }

  async get(site: Site, path: string): Promise<Answer> {
    const url = new URL(path, site.url).href
    const cookie = await this.jar.getCookieString(url)
    const answer = await ask(url, cookie)
    for (const line of answer.lines) await this.jar.setCookie(line, url)
    return answer
  }

  /** What it would send, by name. */
  async cookies(site: Site): Promise<Record<string, string>> {
    const cookies = await this.jar.getCookies(site.url)
    return Object.fromEntries(cookies.map(({ key, value }) => [key, value]))
  }

  /** Another one with the same cookies: a slow tab, or a thief. */
  async copy(): Promise<Browser> {
    return new Browser(await this.jar.clone())
  }
}

/** Settles when so many requests are waiting: each has its session open. */
export async function waiting(site: Site, count: number): Promise<void> {
  while ((await ask(`${site.url}/waiting`, '')).body !== count) continue
}

/** A request with a `Cookie` header as it is. */
export async function ask(
  url: string,
  cookie: string,
): Promise<Answer & { readonly lines: readonly string[] }> {
  const headers = { connection: 'close', ...(cookie !== '' && { cookie }) }
  const response = await fetch(url, { headers })
  const lines = response.headers.getSetCookie()
  const cookies = lines.map((line) => {
    const name = line.slice(0, line.indexOf('='))
    return /; max-age=0/i.test(line) ? `-${name}` : name
  })
  return { status: response.status, body: await response.json(), cookies, lines }
}

/** The session files in a directory: what each holds, by name. */
export async function filesIn(dir: string): Promise<Record<string, Record<string, unknown>>> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.json'))
  const files = names.map(async (name) => {
    const text = await readFile(join(dir, name), 'utf8')
    return [name, JSON.parse(text) as Record<string, unknown>] as const
  })
  return Object.fromEntries(await Promise.all(files))
}
