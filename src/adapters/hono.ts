import type { Context, MiddlewareHandler } from 'hono'
import type { InferOutput, StandardSchema } from '../core/schema.ts'
import type { Session } from '../core/session.ts'
import type { SessionData } from '../core/store.ts'
import type { Options } from '../sessions/options.ts'
import { createSessions, type Sessions } from '../sessions/sessions.ts'
import { ABOUT_THE_ANSWER } from './headers.ts'
import { incoming } from './web-request.ts'
import { discard, isAnswer, withHeaders } from './web-response.ts'

/** What the middleware puts into a context: `new Hono<{ Variables: SessionVariables }>()`. */
export interface SessionVariables<Data extends object = SessionData> {
  /** The request's session. */
  session: Session<Data>
}

/** A middleware for Hono. An app it is chained to knows the session's type: `new Hono().use(session({ schema }))`. */
export type SessionMiddleware<Data extends object = SessionData> = MiddlewareHandler<{
  Variables: SessionVariables<Data>
}>

/** Contexts that have a session. The first to come stays: two would send two cookies of one name. */
const opened = new WeakSet<Context>()

/**
 * Gives every request a session, as `c.get('session')` and `c.var.session`, and stores what the request changed before
 * its response is handed on; a body that streams is not awaited.
 * What is thrown, also an `HTTPException`, or answered with a status of 500 and above, stores nothing.
 * A session that cannot be read or stored goes to `app.onError`: nothing of the handler's response is given out then.
 * ```ts
 * const app = new Hono().use(session({ schema: Cart })).get('/', (c) => c.json(c.var.session.data.items))
 * ```
 * @param options what can be set, or sessions that were made before
 * @throws VitrineError `CONFIG` for an impossible option
 */
export function session<S extends StandardSchema | undefined = undefined>(
  options?: Options<S>,
): SessionMiddleware<InferOutput<S>>
export function session<Data extends object>(sessions: Sessions<Data>): SessionMiddleware<Data>
export function session(
  options: Options<StandardSchema | undefined> | Sessions = {},
): SessionMiddleware {
  const sessions: Sessions = 'engine' in options ? options : createSessions(options)

  return async (c, next) => {
    if (opened.has(c)) return next()
    const session = await sessions.open(incoming(c.req.raw))
    opened.add(c)
    c.set('session', session)
    await next()
    const { error, res } = c
    if (error !== undefined || !isAnswer(res)) return
    try {
      replace(c, withHeaders(res, await sessions.commit(session)))
    } catch (failure) {
      discard(res, failure)
      clearAnswer(c)
      throw failure
    }
  }
}

/** Hono merges the old response's headers into a new one, over its own, unless the old one is taken away first. */
function replace(c: Context, response: Response): void {
  c.res = undefined
  c.res = response
}

/** Makes room for the answer of `onError`, which takes over the headers that are there and the status that was set. */
function clearAnswer(c: Context): void {
  const headers = new Headers(c.res.headers)
  for (const name of ABOUT_THE_ANSWER) headers.delete(name)
  c.status(500)
  replace(c, new Response(null, { status: 500, headers }))
}
