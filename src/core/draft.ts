import { assignInPlace, freezeJson } from './copy.ts'
import { diff, equal, type Change, type JsonObject } from './data.ts'
import { VitrineError } from './errors.ts'
import { equalLate, snapshot } from './late-copy.ts'
import { merge, type Settle, type Settled } from './merge.ts'
import { beat, expiry, ownPolicy, policyOf, type Policy } from './policy.ts'
import { carryOver } from './replay.ts'
import type { SessionState } from './state.ts'
import type { SessionRecord } from './store.ts'

/** What a commit wants to be stored, composed on top of one stored state. */
export interface Draft {
  readonly record: SessionRecord
  readonly conflicts: readonly Settled[]
  /** The app's data as it was then. */
  readonly own: JsonObject
  /** The other changes that went in. */
  readonly taken: Pick<SessionState, 'flashSet' | 'flashTaken' | 'keep'>
}

/** Whether the app changed anything that must be stored. */
export function isChanged(state: SessionState): boolean {
  return (
    state.flashSet !== null ||
    state.flashTaken !== null ||
    state.keep !== null ||
    (state.data !== null && !equalLate(state.data, state.pristine))
  )
}

/**
 * Composes the record to store from this request's changes and a stored state.
 * @param theirs what is stored now; `null` for a session that is not stored yet
 * @param theirData its data after the schema: the same object as `state.pristine` when nobody changed it
 */
export function compose(
  state: SessionState,
  theirs: SessionRecord | null,
  theirData: JsonObject,
  settle: Settle,
  policy: Policy,
  now: number,
): Draft {
  const { flashSet, flashTaken } = state
  const own = ownData(state)
  const { data, conflicts } =
    theirData === state.pristine
      ? { data: own, conflicts: [] }
      : carryOver(state, own, theirData, settle)
  const flash = composeFlash(state, theirs?.flash)
  const keep = { ...ownPolicy(theirs ?? {}), ...state.keep }
  const changed =
    theirs === null || !equal(data, theirs.data) || !equal(flash ?? {}, theirs.flash ?? {})
  const createdAt = theirs?.createdAt ?? now
  return {
    conflicts,
    own,
    taken: { flashSet, flashTaken, keep: state.keep },
    record: handedOver({
      data,
      ...(flash && { flash }),
      createdAt,
      expiresAt: nextExpiry(theirs, createdAt, policyOf(keep, policy), now, state.keep !== null),
      revision: (theirs?.revision ?? 0) + (changed ? 1 : 0),
      ...keep,
    }),
  }
}

/**
 * Makes a record fit to be handed to a store.
 * @throws VitrineError `INVALID` when it is nested too deep to be read again
 */
export function handedOver(record: SessionRecord): SessionRecord {
  try {
    return freezeJson(record)
  } catch (error) {
    const reason = (error as RangeError).message
    throw new VitrineError('INVALID', `Cannot store the session: ${reason}`)
  }
}

/** Whether writing a draft over what is stored would change nothing. */
export function isSame(draft: SessionRecord, stored: SessionRecord): boolean {
  return (
    draft.revision === stored.revision &&
    draft.expiresAt === stored.expiresAt &&
    draft.idle === stored.idle &&
    draft.lifetime === stored.lifetime
  )
}

/** Whether the expiry of an unchanged session has fallen behind by a beat. */
export function isTouchDue(record: SessionRecord, policy: Policy, now: number): boolean {
  return dueExpiry(record, policy, now) !== record.expiresAt
}

/** When an unchanged session ends that is used now. */
export function dueExpiry(record: SessionRecord, policy: Policy, now: number): number {
  return nextExpiry(record, record.createdAt, policyOf(record, policy), now, false)
}

/** The expiry moves by the beat only, so that neither writes nor cookies follow each request. */
function nextExpiry(
  stored: SessionRecord | null,
  createdAt: number,
  policy: Policy,
  now: number,
  kept: boolean,
): number {
  const due = expiry(now, createdAt, policy)
  if (stored === null || kept) return due
  return due - stored.expiresAt >= beat(policy.idle) ? due : stored.expiresAt
}

/**
 * Takes over what was stored: later changes in the same request are measured against it. What the app changed
 * while the store was writing stays changed.
 */
export function rebase(
  state: SessionState,
  { record, own, taken }: Draft,
  version: string | null,
): void {
  const stored = record.data
  if (state.data !== null && own !== stored) {
    assignInPlace(
      state.data,
      equalLate(state.data, own) ? stored : keepingMine(state.data, own, stored),
    )
  }
  state.record = record
  state.version = version
  state.pristine = stored
  state.replays = []
  if (state.flashSet === taken.flashSet) state.flashSet = null
  if (state.flashTaken === taken.flashTaken) state.flashTaken = null
  if (state.keep === taken.keep) state.keep = null
}

function keepingMine(live: JsonObject, own: JsonObject, stored: JsonObject): JsonObject {
  const mine = snapshot(live, Infinity)
  return merge(own, mine, stored, (conflict) => ({ value: conflict.mine, winner: 'mine' })).data
}

/** What a commit changed, flash included, for the events. */
export function changesBetween(before: SessionRecord | null, after: SessionRecord): Change[] {
  return [
    ...diff(before?.data ?? {}, after.data),
    ...diff(before?.flash ?? {}, after.flash ?? {}, ['flash']),
  ]
}

function ownData(state: SessionState): JsonObject {
  if (state.data === null) return state.pristine
  return snapshot(state.data, state.maxDepth)
}

function composeFlash(
  state: SessionState,
  stored: SessionRecord['flash'],
): Record<string, unknown> | undefined {
  if (state.flashSet === null && state.flashTaken === null) return stored
  const left = Object.entries(stored ?? {}).filter(([key]) => !state.flashTaken?.has(key))
  const flash = Object.fromEntries([...left, ...Object.entries(state.flashSet ?? {})])
  return Object.keys(flash).length > 0 ? flash : undefined
}
