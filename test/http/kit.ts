import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { CookieJar } from 'tough-cookie'
import { expect, onTestFinished } from 'vitest'
import type { Session } from '../../src/core/session.ts'
import type { Store } from '../../src/core/store.ts'
import type { Options } from '../../src/sessions/options.ts'
import { jsonStore } from '../../src/stores/file/json-store.ts'

/** What a handler answers, in words that every framework can say. */
export interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string | string[]>
  readonly body?: unknown
  /** Instead of a body: its pieces, as they come. */
  readonly stream?: AsyncIterable<string>
  /** Redirects there, in the framework's own way. */
  readonly location?: string
}

/**
 * A handler, in words that every framework can say.
 * @param hint sends an early hint (103) with this link
 */
export type App = (
  session: Session,
  url: URL,
  hint: (link: string) => void,
) => Answer | Promise<Answer>

/** How an app is set up, where it matters. */
export interface Setup {
  /** The app believes the proxy before it, as its framework has it. Default false. */
  readonly trustProxy?: boolean
  /** Runs as late as the framework lets anybody speak of headers; answers more of them. */
  readonly late?: (session: Session) => Record<string, string>
  /** Every answer is compressed. Default false. */
  readonly compress?: boolean
}

/** Puts an app behind one adapter, on a real port. An error is answered with its own status or 500, and its code. */
export type Serve = (options: Options, app: App, setup?: Setup) => Promise<string>

/** The servers that are running, by their origin. */
const servers = new Map<string, Server>()

/** Starts a server that ends with the test, and answers its origin. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer({ maxHeaderSize: 128 * 1024 }, listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  servers.set(origin, server)
  onTestFinished(async () => {
    servers.delete(origin)
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return origin
}

/** Waits until a server knows that its clients have all gone. */
export async function clientsGone(origin: string): Promise<void> {
  const server = servers.get(origin) as Server
  const connections = promisify(server.getConnections.bind(server))
  await expect.poll(() => connections(), { interval: 5, timeout: 10_000 }).toBe(0)
}

/** Says an answer in Node's own words. */
export function send(res: ServerResponse, answer: Answer): void {
  res.statusCode = answer.location === undefined ? (answer.status ?? 200) : 302
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value)
  if (answer.location !== undefined) res.setHeader('location', answer.location)
  if (answer.stream) return void Readable.from(answer.stream).pipe(res)
  if (isEmpty(answer)) return void res.end()
  res.setHeader('content-type', 'application/json')
  res.end(JSON.stringify(answer.body ?? null))
}

/** Whether an answer's status leaves no room for a body. */
export function isEmpty({ status = 200 }: Answer): boolean {
  return status === 204 || status === 304
}

/** How the test apps answer an error. */
export function errorAnswer(error: unknown): Answer {
  const { status = 500, code = 'unknown' } = error as { status?: number; code?: string }
  return { status, body: { failed: code } }
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

/** What can be watched, slowed down and broken. */
export interface Watched {
  /** What happened, in order; tests add what they see. */
  readonly log: string[]
  /** What was asked of the store, in order: the method, and the id. */
  readonly calls: string[]
  /** Runs before each write, touch and delete; what it throws is what the disk says. */
  beforeWrite: () => unknown
  beforeRead: () => unknown
}

/** A file store that can be watched, slowed down and broken. */
export interface WatchedStore extends Watched {
  readonly dir: string
  readonly store: Store
}

/** @param open makes the store, in a directory of its own. Default: JSON files */
export async function watchedStore(
  open: (dir: string) => Store = jsonStore,
): Promise<WatchedStore> {
  const dir = await sessionDir()
  const inner = open(dir)
  const log: string[] = []
  const calls: string[] = []
  const watched: WatchedStore = {
    dir,
    log,
    calls,
    beforeWrite: () => undefined,
    beforeRead: () => undefined,
    store: {
      ...inner,
      async init(report) {
        calls.push('init')
        await inner.init?.(report)
      },
      async read(id) {
        calls.push(`read ${id}`)
        await watched.beforeRead()
        return inner.read(id)
      },
      async write(id, record, expected) {
        calls.push(`write ${id}`)
        await watched.beforeWrite()
        const version = await inner.write(id, record, expected)
        log.push(version === null ? 'refused' : 'stored')
        return version
      },
      async touch(id, expiresAt, expected) {
        calls.push(`touch ${id}`)
        await watched.beforeWrite()
        const version = (await inner.touch?.(id, expiresAt, expected)) ?? null
        log.push(version === null ? 'refused' : 'touched')
        return version
      },
      async delete(id) {
        calls.push(`delete ${id}`)
        await watched.beforeWrite()
        await inner.delete(id)
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
  readonly site: string

  /** @param site where it believes to be: its cookies are those of this address. Default: where it is */
  constructor(origin: string, site = origin) {
    this.origin = origin
    this.site = site
  }

  async get(path: string, headers: readonly (readonly [string, string])[] = []): Promise<Reply> {
    const cookie = await this.cookies(path)
    const reply = await raw(
      new URL(path, this.origin).href,
      cookie === '' ? headers : [['cookie', cookie], ...headers],
    )
    for (const line of reply.cookies) {
      await this.jar.setCookie(line, new URL(path, this.site).href)
    }
    return reply
  }

  /** The cookies it would send. */
  async cookies(path = '/'): Promise<string> {
    return this.jar.getCookieString(new URL(path, this.site).href)
  }
}
