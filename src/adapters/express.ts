import type { IncomingMessage, ServerResponse } from 'node:http'
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
import { shareShape } from './shape.ts'

declare global {
  namespace Express {
    interface Request extends SessionRequest {}
  }
}

/** What this adapter adds to a request. It is inherited, so that another library may declare its own `session`. */
interface SessionRequest {
  /** The request's session. `of(request)` of the middleware is the same, typed by the schema. */
  session: SessionUnlessTaken
}

/** Two types for one member are an error: where those of express-session are installed, `session` is theirs. */
type SessionUnlessTaken = 'sessionStore' extends keyof Express.Request ? unknown : Session

type Next = (error?: unknown) => void

/** A middleware for Express 4 and 5, Connect and plain `node:http`. */
export interface SessionMiddleware<Data extends object = SessionData> extends Mounted<
  IncomingMessage,
  Data
> {
  (req: IncomingMessage, res: ServerResponse, next: Next): void
}

/**
 * Gives every request a session, as `req.session`, and stores what the request changed before its response leaves.
 * An answer below 500 is committed, also one that an error handler gives; a status of 500 and above, or no answer,
 * stores nothing.
 * A session that cannot be read or stored goes to `next(error)`, with nothing sent.
 * ```ts
 * app.use(session())                          // Express, Connect
 * app.get('/', (req, res) => {
 *   req.session.data.user = 'ada'
 *   res.redirect('/home')
 * })
 *
 * const cart = session({ schema: Cart })      // typed: cart.of(req).data.items
 *
 * const sessions = session()                  // plain node:http
 * createServer((req, res) => sessions(req, res, (error) => error ? fail(res) : answer(sessions.of(req), res)))
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

  function middleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    shareShape(req, res)
    if (sessionOf(req)) return next()
    sessions.open(incoming(req)).then((session) => {
      remember(req, sessions, session)
      ;(req as { session?: Session }).session = session
      gateResponse(res, () => sessions.commit(session), next)
      next()
    }, next)
  }

  return Object.assign(middleware, {
    of: (req: IncomingMessage) => sessionBy(sessions, req),
    sessions,
  })
}

/** `secure` is the framework's word where it has one: Express honours the app's `trust proxy` setting. */
function incoming(req: IncomingMessage & { secure?: unknown; originalUrl?: string }): Incoming {
  const { secure, method, headers, socket } = req
  const isSecure =
    typeof secure === 'boolean' ? secure : 'encrypted' in socket && socket.encrypted === true
  return new NodeIncoming(headers, isSecure, method, req.originalUrl ?? req.url)
}
