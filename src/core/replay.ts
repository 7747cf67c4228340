import { cloneJson } from './copy.ts'
import { copyJson, type JsonObject } from './data.ts'
import { merge, type Merged, type Settle, type Settled } from './merge.ts'

/** A change that can be made again on newer data, and the data right before and after it was made. */
export interface Replay {
  readonly before: JsonObject
  readonly change: (data: JsonObject) => void
  readonly after: JsonObject
}

/** What one request did to its data. */
export interface Changes {
  /** What it started from. */
  readonly pristine: JsonObject
  readonly replays: readonly Replay[]
  readonly maxDepth: number
}

/**
 * Makes a change now, so that it can be made again.
 * @param copy the data as it is at a moment
 * @throws TypeError when the change is asynchronous
 */
export function replayable<T>(data: T, change: (data: T) => void, copy: () => JsonObject): Replay {
  const before = copy()
  const result: unknown = change(data)
  if (typeof (result as { then?: unknown } | undefined)?.then === 'function') {
    throw new TypeError('An update takes a synchronous function: it may be run again')
  }
  return { before, change: change as (data: unknown) => void, after: copy() }
}

/**
 * Carries a request's changes over to newer data: plain changes by a three-way merge, updates by making them again,
 * in the order in which they were made.
 * @param mine what it ended with
 */
export function carryOver(
  { pristine, replays, maxDepth }: Changes,
  mine: JsonObject,
  theirs: JsonObject,
  settle: Settle,
): Merged {
  const conflicts: Settled[] = []
  let data = theirs
  let base = pristine
  const take = (plain: JsonObject) => {
    const merged = merge(base, plain, data, settle)
    conflicts.push(...merged.conflicts)
    data = merged.data
  }
  for (const { before, change, after } of replays) {
    take(before)
    const working = cloneJson(data)
    change(working)
    data = copyJson(working, maxDepth) as JsonObject
    base = after
  }
  take(mine)
  return { data, conflicts }
}
