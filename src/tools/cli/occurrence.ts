import { diff, type Change } from '../../core/data.ts'
import type { SessionRecord } from '../../core/store.ts'
import { spanText } from './facts.ts'

/** What can happen to a session, as far as its file tells. */
export const KINDS = ['created', 'written', 'touched', 'renewed', 'deleted', 'unreadable'] as const

/** One thing that happened. */
export interface Occurrence {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly kind: (typeof KINDS)[number]
  readonly id: string
  /** What tells whose session it is: the new state, or the last one that was seen. */
  readonly record: SessionRecord | null
  readonly changes: readonly Change[]
  /** What else there is to say; perhaps empty. */
  readonly note: string
}

/**
 * What happened between two looks at a session.
 * @param before the last state that was seen; `null`: there was none
 * @param after what is there now: a state, the reason why it cannot be read, or `null` for nothing
 * @returns `null`: nothing did
 */
export function occurrenceOf(
  id: string,
  at: number,
  before: SessionRecord | null,
  after: SessionRecord | string | null,
): Occurrence | null {
  const about = { at, id, record: before, changes: [], note: '' }
  if (after === null) {
    if (!before) return null
    return { ...about, kind: 'deleted', note: before.expiresAt <= at ? 'it was over' : '' }
  }
  if (typeof after === 'string') return { ...about, kind: 'unreadable', note: after }
  const changes = [
    ...diff(before?.data ?? {}, after.data),
    ...diff(before?.flash ?? {}, after.flash ?? {}, ['flash']),
  ]
  const now = { ...about, record: after, changes }
  if (after.retired) {
    // its data is gone from here because it lives on under the new id
    return before?.retired ? null : { ...about, kind: 'renewed', note: 'goes on under a new id' }
  }
  if (!before) return { ...now, kind: 'created' }
  if (changes.length > 0) return { ...now, kind: 'written' }
  if (before.expiresAt === after.expiresAt) return null
  const note = after.expiresAt > at ? `expires in ${spanText(after.expiresAt - at)}` : 'is over'
  return { ...now, kind: 'touched', note: after.expiresAt === Infinity ? 'never expires' : note }
}
