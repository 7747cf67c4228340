import type { Session } from './session.ts'
import type { SessionData } from './store.ts'
import type { Incoming } from './transport.ts'

/**
 * The six verbs of a session engine. A ticket is an id, or a sealed record; signing it is the transport's work.
 */
export interface Engine<Data extends object = SessionData> extends AsyncDisposable {
  /** Gets the store ready. Optional: the first use does it as well. */
  init(): Promise<void>
  /** Makes a new session, stores it at once, and returns it. */
  create(data?: Data): Promise<Session<Data>>
  /** The session of a ticket; `null` when it is absent, expired or forged. */
  retrieve(ticket: string): Promise<Session<Data> | null>
  /**
   * Stores what was changed, merged with what others stored meanwhile.
   * @returns the ticket
   * @throws VitrineError `DESTROYED` when the session ended meanwhile
   */
  flush(session: Session<Data>): Promise<string>
  /** Ends a session. Its record is gone when this settles. */
  destroy(session: Session<Data>): Promise<void>
  /** Wipes every stored session; the store gets ready anew at the next use. */
  reset(): Promise<void>
}

/** What a commit means for the client. */
export type Outcome =
  | { readonly kind: 'keep' }
  | { readonly kind: 'clear' }
  | { readonly kind: 'send'; readonly ticket: string; readonly expiresAt: number }

/** An engine with the two ends of a request on top. */
export interface RequestEngine extends Engine {
  /** The session of the first good ticket, or a new one that is stored only if something is put in. */
  open(tickets: readonly string[], request: Incoming): Promise<Session>
  /** The request that a session was opened for; `null` when this engine did not open it. */
  requestOf(session: Session): Incoming | null
  /** Stores what the request changed and says what the client must be told; at once when there is nothing to store. */
  settle(session: Session): Outcome | Promise<Outcome>
  /**
   * From now on a change to this session comes too late.
   * @returns whether the app had looked inside, so that its response depends on the ticket
   */
  close(session: Session): boolean
}
