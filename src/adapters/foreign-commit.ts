import { equal, withHidden, type JsonObject } from '../core/data.ts'
import { changesBetween, handedOver } from '../core/draft.ts'
import { VitrineError } from '../core/errors.ts'
import { sessionTag, type LostReason, type Report } from '../core/events.ts'
import type { Conflict, Settle, Settled } from '../core/merge.ts'
import { beat, isLive, policyOf, type Policy } from '../core/policy.ts'
import type { ReadyStore } from '../core/ready-store.ts'
import { carryOver, type Replay } from '../core/replay.ts'
import type { SessionRecord, Stored } from '../core/store.ts'
import { maxAge, withoutDrift, type Snapshot } from './foreign-object.ts'

/** How often a compare-and-swap may lose before saving gives up. */
const MAX_ATTEMPTS = 1000

/** Where a request's session object came from, so that its changes can be told from those of others. */
export interface Base {
  readonly id: string
  /** What the request was given, or had when it saved last. */
  readonly data: JsonObject
  /** The stored state that is known. It holds more than `data` when others' changes went in as well. */
  readonly stored: Stored
}

/** What saving needs. */
export interface SaveParts {
  readonly store: ReadyStore
  readonly policy: Policy
  readonly settle: Settle
  readonly report: Report
  readonly now: () => number
}

/** Why what is stored is no session; `null`: it is one. */
export function whyEnded(stored: Stored | null, now: number, policy: Policy): LostReason | null {
  if (!stored) return 'destroyed'
  if (stored.record.retired) return 'renewed'
  return isLive(stored.record, now, policy) ? null : 'expired'
}

/**
 * Brings a session object into the store.
 * @param base where it came from. With a base what others stored meanwhile is merged in, and a session that
 * ended meanwhile does not come back. Without one it is new, or replaces what was there
 * @param replays the updates among its changes
 * @returns the base of its next changes, or `null`: the session ended meanwhile
 */
export type Save = (
  id: string,
  mine: Snapshot,
  base: Base | null,
  replays?: readonly Replay[],
) => Promise<Base | null>

/** What is about to be stored, and what it is stored over. */
interface Draft {
  readonly record: SessionRecord
  readonly before: SessionRecord | null
  readonly merged: boolean
  readonly conflicts: readonly Settled[]
}

/** The compare-and-swap loop with the three-way merge, for sessions whose ids others make. */
export function saver({ store, policy, settle, report, now }: SaveParts): Save {
  return async (id, snapshot, base, replays = []) => {
    const mine = base ? { ...snapshot, data: withoutDrift(snapshot.data, base.data) } : snapshot
    let theirs = base?.stored ?? null
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const draft = compose(mine, base, theirs, replays)
      const version = await write(id, draft, theirs)
      // most requests have nothing to store, and go on from where they are
      if (version === base?.stored.version && !draft.merged) return base
      if (version !== null) {
        announce(id, draft)
        return { id, data: mine.data, stored: { record: draft.record, version } }
      }
      theirs = await store.read(id)
      const reason = base && whyEnded(theirs, now(), policy)
      if (reason) {
        if (isChanged(mine.data, base.data)) {
          report({ type: 'lost', at: now(), session: sessionTag(id), reason })
        }
        return null
      }
    }
    throw new VitrineError(
      'CONFLICT',
      `Cannot store the session: others changed it first, ${MAX_ATTEMPTS} times in a row`,
    )
  }

  function compose(
    mine: Snapshot,
    base: Base | null,
    theirs: Stored | null,
    replays: readonly Replay[],
  ): Draft {
    const time = now()
    const before = theirs && (base || !whyEnded(theirs, time, policy)) ? theirs.record : null
    const merged = base !== null && before !== null && before.data !== base.data
    const { data, conflicts } = merged
      ? carryOver(
          { pristine: base.data, replays, maxDepth: Infinity },
          mine.data,
          before.data,
          settleMember,
        )
      : { data: mine.data, conflicts: [] }

    const createdAt = before?.createdAt ?? time
    const { idle, lifetime } = policyOf(before ?? {}, policy)
    let expiresAt = Math.min(mine.expires ?? time + idle, createdAt + lifetime)
    const isSame = before !== null && equal(data, before.data)
    if (before && !equal(maxAge(data), maxAge(mine.data))) {
      expiresAt = before.expiresAt // another request gave the cookie its age, and that stands
    } else if (isSame && Math.abs(expiresAt - before.expiresAt) < beat(expiresAt - time)) {
      expiresAt = before.expiresAt // not worth a write
    }
    const revision = (theirs?.record.revision ?? 0) + (isSame ? 0 : 1)
    return {
      record: { ...before, data, createdAt, expiresAt, revision },
      before,
      merged,
      conflicts,
    }
  }

  /** What the cookie says changes with every request: the newest wins there. */
  function settleMember(conflict: Conflict): ReturnType<Settle> {
    return conflict.path[0] === 'cookie'
      ? { value: conflict.mine, winner: 'mine' }
      : settle(conflict)
  }

  async function write(
    id: string,
    { record }: Draft,
    theirs: Stored | null,
  ): Promise<string | null> {
    if (theirs?.record.revision !== record.revision) {
      return store.write(id, handedOver(record), theirs?.version ?? null)
    }
    return record.expiresAt === theirs.record.expiresAt
      ? theirs.version
      : store.touch(id, handedOver(record), theirs.version)
  }

  function announce(id: string, { record, before, merged, conflicts }: Draft): void {
    const { revision, expiresAt } = record
    const about = { at: now(), session: sessionTag(id) }
    for (const { path, winner, base, mine, theirs } of conflicts) {
      if (path[0] === 'cookie') continue
      const conflict = { type: 'conflict', ...about, path, winner } as const
      report(withHidden(conflict, { base, mine, theirs }))
    }
    if (before?.revision === revision) {
      if (before.expiresAt !== expiresAt) report({ type: 'touched', ...about })
      return
    }
    const event = before
      ? ({ type: 'written', ...about, revision, merged } as const)
      : ({ type: 'created', ...about } as const)
    report({
      ...event,
      get changes() {
        return changesBetween(before, record)
      },
    })
  }
}

function isChanged(data: JsonObject, base: JsonObject): boolean {
  return !equal({ ...data, cookie: null }, { ...base, cookie: null })
}
