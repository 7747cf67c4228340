import type { InferOutput, StandardSchema } from '../core/schema.ts'
import type { Session } from '../core/session.ts'
import type { Options } from '../sessions/options.ts'
import { createSessions, type Sessions } from '../sessions/sessions.ts'
import { incoming } from './web-request.ts'
import { discard, isAnswer, withHeaders } from './web-response.ts'

/**
 * Answers a request with the help of its session. What else the platform passes (`env`, a context) follows.
 */
export type SessionHandler<Data extends object, Rest extends unknown[]> = (
  request: Request,
  session: Session<Data>,
  ...rest: Rest
) => Response | Promise<Response>

/** Turns a handler that takes a session into a plain `fetch` handler. */
export type WithSession<Data extends object> = <Rest extends unknown[]>(
  handler: SessionHandler<Data, Rest>,
) => (request: Request, ...rest: Rest) => Promise<Response>

/**
 * Sessions for web-standard servers (Bun, Deno, React Router, SvelteKit, Nitro):
 * ```ts
 * export default { fetch: withSession({ schema: Cart })((request, session) => new Response(session.data.user)) }
 * ```
 * What the handler changed is stored before its response is handed on; a body that streams is not awaited. A handler
 * that throws, or answers with a status of 500 and above, stores nothing. The result rejects when the session cannot
 * be read or stored: nothing of the handler's response is given out then.
 * @param options what can be set, or sessions that were made before
 * @throws VitrineError `CONFIG` for an impossible option
 */
export function withSession<S extends StandardSchema | undefined = undefined>(
  options?: Options<S>,
): WithSession<InferOutput<S>>
export function withSession<Data extends object>(sessions: Sessions<Data>): WithSession<Data>
export function withSession(
  options: Options<StandardSchema | undefined> | Sessions<object> = {},
): WithSession<object> {
  const sessions: Sessions<object> =
    'engine' in options ? options : (createSessions(options) as Sessions<object>)

  return (handler) =>
    async (request, ...rest) => {
      const session = await sessions.open(incoming(request))
      const response = await handler(request, session, ...rest)
      if (!isAnswer(response)) return response
      try {
        return withHeaders(response, await sessions.commit(session))
      } catch (error) {
        discard(response, error)
        throw error
      }
    }
}
