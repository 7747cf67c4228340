import type { BaseContext, ExtendableContext, Next } from 'koa'
import type { InferOutput, StandardSchema } from '../core/schema.ts'
import type { Session } from '../core/session.ts'
import type { SessionData } from '../core/store.ts'
import type { Incoming } from '../core/transport.ts'
import type { Options } from '../sessions/options.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Given, Mounted } from './mounted.ts'
import { NodeIncoming } from './node-request.ts'
import { gateResponse } from './node-response.ts'
import { remember, sessionBy, sessionOf, sessionsFrom } from './opened.ts'

declare module 'koa' {
  interface BaseContext extends SessionContext {}
}

/** What this adapter adds to a context. It is inherited, so that another library may declare its own `session`. */
interface SessionContext {
  /** The request's session. `of(ctx)` of the middleware is the same, typed by the schema. */
  session: SessionUnlessTaken
}

/** Two types for one member are an error: where those of koa-session are installed, `session` is theirs. */
type SessionUnlessTaken = 'sessionOptions' extends keyof BaseContext ? unknown : Session

/** A middleware for Koa 3. */
export interface SessionMiddleware<Data extends object = SessionData> extends Mounted<
  ExtendableContext,
  Data
> {
  (ctx: ExtendableContext, next: Next): Promise<void>
}

/**
 * Gives every request a session, as `ctx.session`, and stores what the request changed before its response leaves,
 * however it leaves: `ctx.body`, a stream, `ctx.flushHeaders()`, `ctx.res` with `ctx.respond = false`.
 * An answer below 500 is committed. What is thrown through this middleware, a status of 500 and above, or no answer,
 * stores nothing.
 * A session that cannot be read is thrown. One that cannot be stored goes to `ctx.onerror`, which is to say the app's
 * `error` event and a 500, with nothing sent: the middleware have all returned by then.
 * ```ts
 * app.use(session())
 * app.use((ctx) => {
 *   ctx.session.data.user = 'ada'
 *   ctx.redirect('/home')
 * })
 *
 * const cart = session({ schema: Cart })      // typed: cart.of(ctx).data.items
 * ```
 * @param options what can be set, or sessions that were made before
 * @throws VitrineError `CONFIG` for an impossible option
 */
export function session<S extends StandardSchema | undefined = undefined>(
  options?: Options<S>,
): SessionMiddleware<InferOutput<S>>
export function session<Data extends object>(sessions: Sessions<Data>): SessionMiddleware<Data>
export function session(options: Given = {}): SessionMiddleware {
  const sessions = sessionsFrom(options)

  async function middleware(ctx: ExtendableContext, next: Next): Promise<void> {
    const before = sessionOf(ctx.req)
    const session = before ?? (await sessions.open(incoming(ctx)))
    ctx.session = session
    if (before) return void (await next())
    remember(ctx.req, sessions, session)
    let thrown = false
    gateResponse(
      ctx.res,
      () => (thrown ? [] : sessions.commit(session)),
      (error) => ctx.onerror(error as Error),
    )
    try {
      await next()
    } catch (error) {
      thrown = true
      throw error
    }
  }

  return Object.assign(middleware, {
    of: ({ req }: ExtendableContext) => sessionBy(sessions, req),
    sessions,
  })
}

/** `secure` is Koa's word: it honours the app's `proxy` setting. */
function incoming(ctx: ExtendableContext): Incoming {
  const { headers, secure, method, originalUrl } = ctx
  return new NodeIncoming(headers, secure, method, originalUrl)
}
