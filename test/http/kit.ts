import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CookieJar } from 'tough-cookie'
import { onTestFinished } from 'vitest'
import type { Session } from '../../src/core/session.ts'
import type { Store } from '../../src/core/store.ts'
import type { Options } from '../../src/sessions/defaults.ts'
import { jsonStore } from '../../src/stores/file/store.ts'

/** What a handler answers, in words that every framework can say. */
export interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string | string[]>
  readonly body?: unknown
  /** Redirects there, in the framework's own way. */
  readonly location?: string
}

/** A handler, in words that every framework can say. */
export type App = (session: Session, url: URL) => Answer | Promise<Answer>

/** Puts an app behind one adapter, on a real port. An error is answered with its status 500 and its code. */
export type Serve = (options: Options, app: App) => Promise<string>

/** Starts a server that ends with the test, and answers its origin. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Says an answer in Node's own words. */
export function send(res: ServerResponse, answer: Answer): void {
  res.statusCode = answer.location === undefined ? (answer.status ?? 200) : 302
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value)
  if (answer.location !== undefined) res.setHeader('location', answer.location)
  res.setHeader('content-type', 'application/json')
  res.end(JSON.stringify(answer.body ?? null))
}

/** How the test apps answer an error. */
export function errorAnswer(error: unknown): Answer {
  return { status: 500, body: { failed: (error as { code?: string }).code ?? 'unknown' } }
}

/** A session directory of its own, gone after the test. */
export async function sessionDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'vitrine-http-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** The session files in a directory. */
export async function recordsIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.endsWith('.json'))
}

/** A file store that can be watched, slowed down and broken. */
export interface WatchedStore {
  readonly dir: string
  readonly store: Store
  /** What happened, in order; tests add what they see. */
  readonly log: string[]
  /** Runs before each write; what it throws is what the disk says. */
  beforeWrite: () => unknown
  beforeRead: () => unknown
}

export async function watchedStore(): Promise<WatchedStore> {
  const dir = await sessionDir()
  const files = jsonStore(dir)
  const log: string[] = []
  const watched: WatchedStore = {
    dir,
    log,
    beforeWrite: () => undefined,
    beforeRead: () => undefined,
    store: {
      ...files,
      async read(id) {
        await watched.beforeRead()
        return files.read(id)
      },
      async write(id, record, expected) {
        await watched.beforeWrite()
        const version = await files.write(id, record, expected)
        log.push(version === null ? 'refused' : 'stored')
        return version
      },
      async delete(id) {
        await files.delete(id)
        log.push('deleted')
      },
    },
  }
  return watched
}

/** A door that stays shut until it is opened. */
export function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

/** One response, read to its end. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly cookies: readonly string[]
  readonly text: string
  readonly json: unknown
}

/** One request without any of a browser's help: headers may repeat. */
export async function raw(
  url: string,
  headers: readonly (readonly [string, string | string[]])[] = [],
  method = 'GET',
): Promise<Reply> {
  const req = request(url, { method, agent: false })
  for (const [name, value] of headers) req.setHeader(name, value)
  req.end()
  const [res] = (await once(req, 'response')) as [IncomingMessage]
  const body = await text(res)
  const isJson = (res.headers['content-type'] ?? '').includes('json') && body !== ''
  return {
    status: res.statusCode ?? 0,
    headers: res.headers,
    cookies: res.headers['set-cookie'] ?? [],
    text: body,
    json: isJson ? JSON.parse(body) : undefined,
  }
}

/** A browser: keeps cookies and sends them back, by the rules of RFC 6265. Follows no redirect. */
export class Browser {
  readonly jar = new CookieJar()
  readonly origin: string

  constructor(origin: string) {
    this.origin = origin
  }

  async get(path: string, headers: readonly (readonly [string, string])[] = []): Promise<Reply> {
    const url = new URL(path, this.origin).href
    const cookie = await this.jar.getCookieString(url)
    const reply = await raw(url, cookie === '' ? headers : [['cookie', cookie], ...headers])
    for (const line of reply.cookies) await this.jar.setCookie(line, url)
    return reply
  }

  /** The cookies it would send. */
  async cookies(path = '/'): Promise<string> {
    return this.jar.getCookieString(new URL(path, this.origin).href)
  }
}
