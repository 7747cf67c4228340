import type { IncomingMessage } from 'node:http'
import type { Session } from '../core/session.ts'
import { createSessions, type Sessions } from '../sessions/sessions.ts'
import { withDiagnostics } from './diagnostics.ts'
import type { Given } from './mounted.ts'

/** The sessions that an adapter works with; those it makes itself also publish their events. */
export function sessionsFrom(given: Given): Sessions {
  if ('engine' in given) return given
  return createSessions({ ...given, report: withDiagnostics(given.report) })
}

/**
 * Which sessions opened a request's session. The first to come stays, also where one framework runs inside another:
 * two would send two cookies of one name.
 */
const OPENED: unique symbol = Symbol('vitrine')

class Opened {
  readonly by: Sessions
  readonly session: Session

  constructor(by: Sessions, session: Session) {
    this.by = by
    this.session = session
  }
}

interface Request extends IncomingMessage {
  [OPENED]?: Opened
}

/** Remembers the session that was opened for a request. */
export function remember(req: Request, by: Sessions, session: Session): void {
  req[OPENED] = new Opened(by, session)
}

/** The session that was opened for a request, by whomever. */
export function sessionOf(req: Request): Session | undefined {
  return req[OPENED]?.session
}

/**
 * The session that these very sessions opened for a request.
 * @throws TypeError when they did not
 */
export function sessionBy(by: Sessions, req: Request): Session {
  const found = req[OPENED]
  if (found?.by === by) return found.session
  throw new TypeError(
    'Cannot find the session: mount one session middleware before the handler, and ask that one',
  )
}
