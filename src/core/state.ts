import { expiry, type Policy } from './policy.ts'
import type { JsonObject } from './data.ts'
import type { Replay } from './replay.ts'
import type { SessionRecord, Version } from './store.ts'
import type { Incoming } from './transport.ts'

/** What a session begins with. */
export interface Beginning {
  readonly id: string | null
  readonly record: SessionRecord | null
  readonly version: Version | null
  readonly pristine: JsonObject
  readonly presented: boolean
  readonly muted: boolean
  readonly request: Incoming | null
}

/** What is known of a session that is not stored yet. */
export const UNSTORED = { id: null, record: null, version: null } as const

const NONE: readonly Replay[] = []

/**
 * What an engine knows about one session in one request. A class and not a literal: what lives as long as its request
 * must not come from a literal (decisions/015).
 */
export class SessionState {
  /** The engine it belongs to. */
  readonly owner: object
  readonly createId: () => string
  readonly maxDepth: number
  /** Made when first needed: most requests of strangers never need one. */
  id: string | null
  /** What is stored, as far as known. */
  record: SessionRecord | null
  version: Version | null
  /** The stored data as the app got it, after the schema: changes are measured against it. Never changed. */
  pristine: JsonObject
  /** The app's copy; `null` until it asks. */
  data: JsonObject | null = null
  replays: readonly Replay[] = NONE
  flashSet: JsonObject | null = null
  flashTaken: ReadonlySet<string> | null = null
  keep: { idle?: number; lifetime?: number } | null = null
  renewing = false
  ended: 'destroyed' | 'lost' | null = null
  /** Whether the app looked inside: then the response depends on the cookie. */
  seen = false
  /** Whether the request carried a ticket, so that there is one to clear. */
  readonly presented: boolean
  /** The stored session that the client knows, and its id; `null`: none yet. */
  readonly known: SessionRecord | null
  readonly knownId: string | null
  /** Whether the request carried a renewed id: nothing is stored and no cookie sent. */
  readonly muted: boolean
  /** The request it was opened for; `null` outside a request. */
  readonly request: Incoming | null
  /** Set once the response leaves: tells about a change that comes too late, or throws. */
  late: ((path: string) => void) | null = null
  /** The times of a session that is not stored yet. */
  readonly fresh: { readonly createdAt: number; readonly expiresAt: number }

  /** The state at the beginning of a request. */
  constructor(
    owner: object,
    createId: () => string,
    { now, policy, maxDepth }: { now: () => number; policy: Policy; maxDepth: number },
    beginning: Beginning,
  ) {
    this.owner = owner
    this.createId = createId
    this.maxDepth = maxDepth
    this.id = beginning.id
    this.record = beginning.record
    this.version = beginning.version
    this.pristine = beginning.pristine
    this.presented = beginning.presented
    this.known = beginning.record
    this.knownId = beginning.id
    this.muted = beginning.muted
    this.request = beginning.request
    this.fresh = beginning.record ?? beginningAt(now(), policy)
  }
}

function beginningAt(createdAt: number, policy: Policy): SessionState['fresh'] {
  return { createdAt, expiresAt: expiry(createdAt, createdAt, policy) }
}
