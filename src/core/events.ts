import type { Change, Path } from './data.ts'

/** Why a ticket led to no session. */
export type RejectReason = 'malformed' | 'forged' | 'unknown' | 'expired' | 'retired' | 'invalid'

/** Why changes were dropped: the session ended while the request was under way. */
export type LostReason = 'destroyed' | 'expired' | 'renewed'

interface Occurrence {
  /** Milliseconds since the epoch. */
  readonly at: number
}

interface AboutSession extends Occurrence {
  /** The first 8 characters of the id: enough to find the session, not enough to be it. */
  readonly session: string
}

/**
 * What the engine tells `report`, one object an occurrence. Session values (`before`, `after`, `base`, `mine`,
 * `theirs`) are there for your code but not enumerable, so that printing an event prints none of them.
 */
export type SessionEvent =
  | (AboutSession & { readonly type: 'created'; readonly changes: readonly Change[] })
  | (AboutSession & {
      readonly type: 'written'
      readonly revision: number
      readonly merged: boolean
      readonly changes: readonly Change[]
    })
  | (AboutSession & { readonly type: 'touched' })
  | (AboutSession & { readonly type: 'renewed'; readonly from: string })
  | (AboutSession & { readonly type: 'destroyed' })
  | (AboutSession & { readonly type: 'lost'; readonly reason: LostReason })
  | (AboutSession & ConflictReport)
  | (AboutSession & { readonly type: 'invalid'; readonly paths: readonly string[] })
  | (AboutSession & { readonly type: 'corrupt'; readonly reason: string; readonly kept?: string })
  | (AboutSession & { readonly type: 'late'; readonly path: string })
  | (Occurrence & { readonly type: 'rejected'; readonly reason: RejectReason })
  | (Occurrence & { readonly type: 'reaped'; readonly count: number })
  | (Occurrence & { readonly type: 'warning'; readonly code: string; readonly message: string })

/** Two requests changed one path to different values, and how that was settled. */
export interface ConflictReport {
  readonly type: 'conflict'
  readonly path: Path
  /** `'delete'`: one side removed what the other changed, and removing wins. */
  readonly winner: 'mine' | 'theirs' | 'delete' | 'resolver'
  readonly base: unknown
  readonly mine: unknown
  readonly theirs: unknown
}

/** Hears what happens to sessions. What it throws is ignored: a listener must not break a request. */
export type Report = (event: SessionEvent) => void

/** The part of an id that may appear in events and logs. */
export function sessionTag(id: string): string {
  return id.slice(0, 8)
}
