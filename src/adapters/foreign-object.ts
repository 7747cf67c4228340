import { cloneJson } from '../core/copy.ts'
import { isPlainObject, type JsonObject } from '../core/data.ts'
import { VitrineError } from '../core/errors.ts'
import type { SessionRecord } from '../core/store.ts'

/** A session object of express-session as it was at one moment, as JSON. */
export interface Snapshot {
  /** Its members, `cookie` included, but without the cookie's expiry: that stands in the record, once. */
  readonly data: JsonObject
  /** When its cookie ends, in ms since the epoch; `null`: with the browser. */
  readonly expires: number | null
}

/**
 * Takes a snapshot of a session object.
 * @throws VitrineError `INVALID` when it holds what JSON cannot write
 */
export function snapshot(session: object): Snapshot {
  let data: JsonObject
  try {
    data = JSON.parse(JSON.stringify(session)) as JsonObject
  } catch (error) {
    const reason =
      'it holds what JSON cannot write, such as a BigInt or an object that contains itself'
    throw new VitrineError('INVALID', `Cannot store the session: ${reason}`, error)
  }
  if (!isPlainObject(data.cookie)) return { data, expires: null }
  // originalExpires is what @fastify/session notes of an expiry that it was given: it makes it anew each time
  const { expires, originalExpires: _, ...facts } = data.cookie
  const time = typeof expires === 'string' ? Date.parse(expires) : NaN
  const ends = Number.isFinite(time)
  data.cookie = ends ? facts : { ...facts, expires: null }
  return { data, expires: ends ? time : null }
}

/** The session object of a record: the opposite of a snapshot. Nobody else holds it. */
export function sessionObject({
  data,
  expiresAt,
}: SessionRecord): JsonObject & { cookie: JsonObject } {
  const session = cloneJson(data)
  const cookie = isPlainObject(session.cookie)
    ? session.cookie
    : { originalMaxAge: null, expires: null }
  if (cookie.expires === undefined) {
    cookie.expires = expiresAt === Infinity ? null : new Date(expiresAt)
  }
  return Object.assign(session, { cookie })
}

/** The age that the app gave the cookie, in ms; `null`: it ends with the browser. */
export function maxAge({ cookie }: JsonObject): unknown {
  return isPlainObject(cookie) ? cookie.originalMaxAge : undefined
}

/** How far an age may be off and still count as the same, in ms. */
const DRIFT = 1000

/**
 * Keeps the age of a cookie that the app did not change: express-session works it out from the clock with every
 * request, and loses a millisecond now and then.
 */
export function withoutDrift(data: JsonObject, base: JsonObject): JsonObject {
  const [mine, before] = [maxAge(data), maxAge(base)]
  if (typeof mine !== 'number' || typeof before !== 'number') return data
  if (mine === before || Math.abs(mine - before) > DRIFT) return data
  return { ...data, cookie: { ...(data.cookie as JsonObject), originalMaxAge: before } }
}
