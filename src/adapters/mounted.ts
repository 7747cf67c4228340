import type { StandardSchema } from '../core/schema.ts'
import type { Session } from '../core/session.ts'
import type { Options } from '../sessions/options.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** What an adapter for Node is given: options, or sessions that were made before. */
export type Given = Options<StandardSchema | undefined> | Sessions

/** What an adapter for Node gives, beside a session to each request. */
export interface Mounted<Request, Data extends object> {
  /**
   * The session of a request, typed by the schema.
   * @throws TypeError when this middleware or plugin has not seen the request
   */
  of(request: Request): Session<Data>
  /** The sessions underneath: `sessions.engine` for work outside a request. */
  readonly sessions: Sessions<Data>
}
