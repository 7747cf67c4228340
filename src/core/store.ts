/**
 * The contract between the engine and whatever keeps sessions. Read this first.
 *
 * A store knows nothing about requests, cookies, idle times or merging. It keeps records under ids and
 * answers one question well: *is what I hold still what you read?* Everything else is the engine's work.
 *
 * Absent, expired and forged sessions are values (`null`), not errors. A store throws only when the
 * system under it is broken; the engine wraps what it throws in a `VitrineError` with the code `STORE`.
 */
import type { Report } from './events.ts'

/** Shape of `session.data`; widen it by declaration merging, or per engine with `schema`. */
export interface SessionData {
  [key: string]: unknown
}

/**
 * One session as a store keeps it. Times are milliseconds since the epoch.
 * A record is never changed once it was handed over, by neither side: it may be shared. One that is frozen is frozen to
 * the bottom, and may be kept as it is; the engine hands over no others.
 */
export interface SessionRecord<Data extends object = SessionData> {
  readonly data: Data
  /** What `session.flash(key, value)` left for the next request. */
  readonly flash?: Readonly<Record<string, unknown>>
  readonly createdAt: number
  /** `Infinity`: never. */
  readonly expiresAt: number
  /** 1 at creation, +1 at each commit that changed the data. */
  readonly revision: number
  /** This session's own idle time in ms, when it differs from the engine's ("remember me"). */
  readonly idle?: number
  /** This session's own lifetime in ms, when it differs from the engine's. */
  readonly lifetime?: number
  /** The id was renewed: holds no data, answers as anonymous, never sets a cookie. */
  readonly retired?: true
}

/** Opaque mark of one stored state. Stores make it; nobody else looks inside. */
export type Version = string

/** A record together with the mark of the state it was read in. */
export interface Stored {
  readonly record: SessionRecord
  readonly version: Version
}

/** One thing that happened to a stored session, whoever did it. */
export interface StoreChange {
  readonly id: string
  readonly kind: 'written' | 'deleted'
}

/** Keeps records under ids. The optional methods are capabilities: present means able. */
export interface Store {
  /**
   * Reads a session. Reading changes nothing.
   * @param id an id that `accepts` lets through; any other string is answered with `null`, untouched
   * @returns the record and its version, or `null` when it is absent, removed or unreadable
   */
  read(id: string): Promise<Stored | null>

  /**
   * Compare-and-swap: writes only if the stored state is still `expected`.
   * So one method creates (`expected: null`), saves, and cannot bring a destroyed session back.
   * @param id the session's id
   * @param record what to keep
   * @param expected the version that was read, or `null`: there must be nothing under this id
   * @returns the new version, or `null`: the state was not the expected one and nothing was written
   */
  write(id: string, record: SessionRecord, expected: Version | null): Promise<Version | null>

  /** Removes a session. Removing what is absent is fine. */
  delete(id: string): Promise<void>

  /** Gets ready (makes a directory, opens a connection). The engine calls it before first use. */
  init?(report: Report): Promise<void>

  /** Tells which ids this store can keep. Absent: the default grammar (`isId`). */
  accepts?(id: string): boolean

  /**
   * Moves the expiry without changing the data, only if the state is still `expected`.
   * @param expiresAt milliseconds since the epoch
   * @returns the new version, or `null`: somebody else changed it meanwhile
   */
  touch?(id: string, expiresAt: number, expected: Version): Promise<Version | null>

  /**
   * Waits for a turn among those who keep losing compare-and-swaps on one id, so that they do not spoil each
   * other's work for ever. It is a courtesy: whoever ignores it is still safe.
   * @returns ends the turn
   */
  turn?(id: string): Promise<() => void>

  /** Every id that is stored, expired ones too, in no order. */
  ids?(): AsyncIterable<string>

  /**
   * Removes expired sessions, a little at a time.
   * @param now milliseconds since the epoch
   * @returns how many were removed
   */
  reap?(now: number, signal?: AbortSignal): Promise<number>

  /** Follows changes until the signal aborts, whoever makes them. */
  watch?(signal: AbortSignal): AsyncIterable<StoreChange>

  /** Removes every session and the store's own working state; nothing else. */
  wipe?(): Promise<void>

  /** Lets go of what `init` took. */
  close?(): Promise<void>
}

/** A record with its id: what a sealed ticket carries. */
export interface SealedRecord extends SessionRecord {
  readonly id: string
}

/** Keeps nothing: the client carries the whole record, sealed. It has no versions, so it cannot merge. */
export interface Sealer {
  /**
   * @param record what the client shall carry
   * @param purpose what the ticket is bound to (the cookie's name): it opens for no other
   * @returns the ticket
   * @throws VitrineError `TOO_LARGE`
   */
  seal(record: SealedRecord, purpose: string): Promise<string>
  /** @returns the record, or `null`: forged, garbled, or sealed for another purpose */
  unseal(ticket: string, purpose: string): Promise<SealedRecord | null>
}

/** Text form of a value. The global `JSON` is one, the `yaml` package is one. */
export interface Codec {
  stringify(value: unknown): string
  parse(text: string): unknown
}
