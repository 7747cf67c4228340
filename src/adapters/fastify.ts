import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { InferOutput, StandardSchema } from '../core/schema.ts'
import type { Session } from '../core/session.ts'
import type { SessionData } from '../core/store.ts'
import type { Options } from '../sessions/options.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Given, Mounted } from './mounted.ts'
import { NodeIncoming } from './node-request.ts'
import { gateResponse } from './node-response.ts'
import { remember, sessionBy, sessionOf, sessionsFrom } from './opened.ts'

declare module 'fastify' {
  interface FastifyRequest extends SessionRequest {}
}

/** What this adapter adds to a request. It is inherited, so that another library may declare its own `session`. */
interface SessionRequest {
  /** The request's session. `of(request)` of the plugin is the same, typed by the schema. */
  session: SessionUnlessTaken
}

/** Two types for one member are an error: where those of @fastify/session are installed, `session` is theirs. */
type SessionUnlessTaken = 'sessionStore' extends keyof FastifyRequest ? unknown : Session

/** A plugin for Fastify 5. */
export interface SessionPlugin<Data extends object = SessionData> extends Mounted<
  Pick<FastifyRequest, 'raw'>,
  Data
> {
  (app: FastifyInstance): Promise<void>
}

/** What `fastify-plugin` would say: the hooks are the app's that registers it, not those of a scope of their own. */
const FOR_THE_APP = {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('plugin-meta')]: { name: 'vitrine', fastify: '5.x' },
}

/** Stands on an app whose requests have our `session`: Fastify refuses to add it twice. */
const DECORATED = Symbol('vitrine')

/** The requests that end in an error. */
const failing = new WeakSet<object>()

/**
 * Gives every request a session, as `request.session`, and stores what the request changed before its response
 * leaves, however it leaves: `reply.send`, a stream, `reply.raw`, also after `reply.hijack()`.
 * An answer below 500 is committed. A request that ends in an error, whatever its status, a status of 500 and above,
 * or no answer, stores nothing.
 * A session that cannot be read or stored goes to the error handler, with nothing sent; after `reply.hijack()` the
 * error is logged and the answer is an empty 500.
 * ```ts
 * app.register(session)
 * app.get('/', (request, reply) => {
 *   request.session.data.user = 'ada'
 *   return reply.redirect('/home')
 * })
 *
 * const cart = session({ schema: Cart })      // typed: cart.of(request).data.items
 * app.register(cart)
 * ```
 * @param options what can be set, or sessions that were made before: here, or as the options of `register`
 * @throws VitrineError `CONFIG` for an impossible option
 */
export function session<S extends StandardSchema | undefined = undefined>(
  options?: Options<S>,
): SessionPlugin<InferOutput<S>>
export function session<Data extends object>(sessions: Sessions<Data>): SessionPlugin<Data>
export function session(app: FastifyInstance, options: Given): Promise<void>
export function session(first: FastifyInstance | Given = {}, options: Given = {}): object {
  if (!('addHook' in first)) return plugin(first)
  return Promise.resolve(options).then((given) => plugin(given)(first))
}
Object.assign(session, FOR_THE_APP)

function plugin(options: Given): SessionPlugin {
  const sessions = sessionsFrom(options)

  async function mount(app: FastifyInstance): Promise<void> {
    if (!app.hasDecorator(DECORATED)) app.decorate(DECORATED).decorateRequest('session')
    app.addHook('onRequest', open).addHook('onError', async (request) => void failing.add(request))
  }

  async function open(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { raw, headers, protocol, method, originalUrl } = request
    const before = sessionOf(raw)
    if (before) {
      give(request, before)
      return
    }
    const secure = protocol === 'https' // Fastify's word: it honours the app's `trustProxy`
    const session = await sessions.open(new NodeIncoming(headers, secure, method, originalUrl))
    give(request, session)
    remember(raw, sessions, session)
    gateResponse(
      reply.raw,
      () => (failing.has(request) ? [] : sessions.commit(session)),
      (error) => answer(error, reply),
    )
  }

  const of = ({ raw }: Pick<FastifyRequest, 'raw'>): Session => sessionBy(sessions, raw)
  return Object.assign(mount, { of, sessions }, FOR_THE_APP)
}

/** Whatever type `session` has: those of another library may be installed. */
function give(request: { session?: unknown }, session: Session): void {
  request.session = session
}

/** Lets Fastify answer the error, without the headers that the gate took from the answer that is not given after all. */
function answer(error: unknown, reply: FastifyReply): void {
  const taken = Object.keys(reply.getHeaders()).filter((name) => !reply.raw.hasHeader(name))
  for (const name of taken) reply.removeHeader(name)
  try {
    if (!reply.sent) return void reply.send(error)
    reply.raw.end() // hijacked: Fastify answers no more
  } catch {
    // another error is on its way out, through the onError hooks
  }
  reply.log.error(error)
}
