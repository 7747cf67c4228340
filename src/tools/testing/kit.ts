import { parseCookie, parseSetCookie, stringifyCookie } from 'cookie'
import { diff, formatPath } from '../../core/data.ts'
import type { Incoming } from '../../core/transport.ts'
import type { Sessions } from '../../sessions/sessions.ts'

/** An app's sessions, or the middleware that holds them. */
export type SessionsOf<Data extends object> = Sessions<Data> | { readonly sessions: Sessions<Data> }

/** What one path of a session's data was and became, as plain members that print and compare well. */
export interface DataChange {
  readonly op: 'add' | 'change' | 'remove'
  /** As one would write it in code: `cart.items[0]`. */
  readonly path: string
  /** Not there when the path was added. */
  readonly before?: unknown
  /** Not there when the path was removed. */
  readonly after?: unknown
}

/**
 * Stores a session and answers the `Cookie` header of the browser that it belongs to, so that a test can begin in
 * the middle. It goes through the app's own sessions: signed, sealed and named as the app does it.
 * ```ts
 * const cookie = await cookieFor(sessions, { user: 'ada' })
 * await fetch(url, { headers: { cookie } })
 * ```
 * @param data what the session holds; what is left out is as in a new session
 * @param request what the cookie may depend on: `{ secure: true }` for an app behind TLS, whose cookie has the name
 *   `__Host-id`
 * @throws TypeError when the sessions do not travel by cookie
 * @throws VitrineError `INVALID` when the schema refuses the data
 */
export async function cookieFor<Data extends object>(
  sessions: SessionsOf<Data>,
  data: Partial<Data>,
  request: Partial<Incoming> = {},
): Promise<string> {
  const { open, commit, engine } = within(sessions)
  const session = await open({ headers: new Headers(), ...request })
  session.data = { ...session.data, ...data }
  await engine.flush(session) // a session that holds nothing is stored, too
  const headers = await commit(session)
  const lines = headers.filter(([name]) => name === 'set-cookie').map(([, line]) => line)
  if (lines.length === 0) {
    throw new TypeError('Cannot make a cookie: these sessions do not travel by cookie')
  }
  return withCookies('', lines)
}

/**
 * Runs something, a request as a rule, and tells what it changed in the data of one session, path by path.
 * Looking is all it does itself: no expiry moves, no message is taken.
 * ```ts
 * const changes = await changesOf(sessions, cookie, () => fetch(url, { method: 'POST', headers: { cookie } }))
 * assert.deepEqual(changes, [{ op: 'add', path: 'items[0]', after: 'tea' }])
 * ```
 * @param cookie the session's `Cookie` header; `''` for a stranger, who has none
 * @param request what to run. Let it return the response, or a list of them: a new cookie is followed, as by a
 *   browser. After `renew`, and always with a sealed cookie, which carries the session itself, the change is to be
 *   seen nowhere else. Whatever has its headers in `headers` is a response: of `fetch`, `node:http`, supertest, `inject`
 * @param incoming what the cookie may depend on, as for `cookieFor`. A `__Host-` cookie is taken to come over TLS
 * @returns the changes in the order of the data; none when nothing changed. Who has no session has no data
 */
export async function changesOf<Data extends object>(
  sessions: SessionsOf<Data>,
  cookie: string,
  request: () => Promise<unknown>,
  incoming: Partial<Incoming> = {},
): Promise<DataChange[]> {
  const { open } = within(sessions)
  const look = async (held: string): Promise<object> => {
    const headers = new Headers(held === '' ? {} : { cookie: held })
    const secure = /(^|;\s*)__Host-/.test(held)
    const session = await open({ secure, ...incoming, headers })
    return session.isNew ? {} : session.data
  }

  const before = await look(cookie)
  const result = await request()
  const after = await look(withCookies(cookie, setCookiesOf(result)))
  return diff(before, after).map(({ op, path, before, after }) => ({
    op,
    path: formatPath(path),
    ...(op !== 'add' && { before }),
    ...(op !== 'remove' && { after }),
  }))
}

function within<Data extends object>(sessions: SessionsOf<Data>): Sessions<Data> {
  return 'sessions' in sessions ? sessions.sessions : sessions
}

/** A browser's part: what it sends once it has taken in some Set-Cookie lines. */
function withCookies(cookie: string, lines: readonly string[]): string {
  const jar = parseCookie(cookie, { decode: String })
  for (const line of lines) {
    const { name, value, maxAge } = parseSetCookie(line, { decode: String })
    jar[name] = maxAge === 0 ? undefined : value
  }
  return stringifyCookie(jar, { encode: String })
}

/** As much of a response as is needed: a web one, or one whose headers are a plain object. */
interface Answered {
  readonly headers?: {
    readonly getSetCookie?: () => readonly string[]
    readonly 'set-cookie'?: string | readonly string[] | undefined
  }
}

/** The Set-Cookie lines of what a request came to: a response, a list of them, or anything else, which has none. */
function setCookiesOf(result: unknown): readonly string[] {
  return [result].flat().flatMap((response) => {
    const { headers } = (response ?? {}) as Answered
    return headers?.getSetCookie?.() ?? headers?.['set-cookie'] ?? []
  })
}
