import type { Duration } from './policy.ts'
import type { SessionData } from './store.ts'

/** One session, as a request handler sees it. */
export interface Session<Data extends object = SessionData> {
  /** The id. Keep it out of logs. */
  readonly id: string
  /** The session's data: a plain object. Change it as you like; it is stored when the response leaves. */
  data: Data
  /** Whether it was not stored before this request. */
  readonly isNew: boolean
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Milliseconds since the epoch; `Infinity`: never. */
  readonly expiresAt: number
  /**
   * Changes the data now, and again on the newest data if another request got there first:
   * for counters and lists, where a plain assignment would be based on an old value.
   * @param change synchronous; must do nothing but change the data it is given
   */
  update(change: (data: Data) => void): void
  /**
   * Leaves a value for the next request.
   * @throws VitrineError `INVALID` when JSON would change the value
   */
  flash(key: string, value: unknown): void
  /** Takes what an earlier request left; `undefined` when there is nothing. It is gone then. */
  flash(key: string): unknown
  /** Gives this one session its own idle time and lifetime: "remember me". */
  keep(policy: { readonly idle?: Duration; readonly lifetime?: Duration }): void
  /** Gives the session a new id and keeps its data. Call it at login: it stops session fixation (OWASP). */
  renew(): void
  /** Ends the session: its record is removed and the cookie cleared. Call it at log-out. */
  destroy(): void
}
