import { equal, isPlainObject, own, put, type JsonObject, type Path } from './data.ts'
import type { ConflictReport } from './events.ts'

/** One path that two sides changed to different values. `undefined` means absent. */
export interface Conflict {
  readonly path: Path
  readonly base: unknown
  readonly mine: unknown
  readonly theirs: unknown
}

/** A conflict and how it was settled. */
export interface Settled extends Conflict {
  readonly winner: ConflictReport['winner']
}

/** Decides a conflict: the value that shall stand (`undefined`: none) and whose it is. */
export type Settle = (conflict: Conflict) => {
  readonly value: unknown
  readonly winner: ConflictReport['winner']
}

/** What a merge came to. `data` may share parts with what went in; nothing that went in was changed. */
export interface Merged {
  readonly data: JsonObject
  readonly conflicts: readonly Settled[]
}

/**
 * Merges two changed states of one JSON object three ways.
 *
 * Objects merge per path: who alone changed a path wins it, and removing is a change. Where one side removed
 * what the other changed, removing wins (`delete data.user` is a log-out). Arrays to which both sides only
 * appended are joined, theirs first; any other array is one value. What is absent from the base counts as
 * empty, so two requests that both begin a list or an object keep both parts.
 * @param base what both sides started from
 * @param mine what this side made of it
 * @param theirs what is stored now
 */
export function merge(
  base: JsonObject,
  mine: JsonObject,
  theirs: JsonObject,
  settle: Settle,
): Merged {
  const conflicts: Settled[] = []

  function mergeObjects(b: JsonObject, m: JsonObject, t: JsonObject, path: Path): JsonObject {
    const merged: JsonObject = {}
    for (const key of Object.keys(t)) {
      const theirs = t[key]
      const mine = own(m, key)
      // most members are the same on both sides
      const value = mine === theirs ? mine : mergeValues(own(b, key), mine, theirs, path, key)
      if (value !== undefined) put(merged, key, value)
    }
    for (const key of Object.keys(m)) {
      if (Object.hasOwn(t, key)) continue
      const value = mergeValues(own(b, key), m[key], undefined, path, key)
      if (value !== undefined) put(merged, key, value)
    }
    return merged
  }

  function mergeValues(b: unknown, m: unknown, t: unknown, parent: Path, key: string): unknown {
    if (isPlainObject(m) && isPlainObject(t)) {
      return mergeObjects(isPlainObject(b) ? b : {}, m, t, [...parent, key])
    }
    if (equal(b, m)) return t
    if (equal(b, t) || equal(m, t)) return m

    const conflict = { path: [...parent, key], base: b, mine: m, theirs: t }
    if (m === undefined || t === undefined) {
      conflicts.push({ ...conflict, winner: 'delete' })
      return undefined
    }
    const joined = joinAppended(b, m, t)
    if (joined) return joined
    const { value, winner } = settle(conflict)
    conflicts.push({ ...conflict, winner })
    return value
  }

  return { data: mergeObjects(base, mine, theirs, []), conflicts }
}

function joinAppended(base: unknown, mine: unknown, theirs: unknown): unknown[] | null {
  if (!Array.isArray(mine) || !Array.isArray(theirs)) return null
  if (base !== undefined && !Array.isArray(base)) return null
  const start: readonly unknown[] = base ?? []
  return beginsWith(mine, start) && beginsWith(theirs, start)
    ? [...theirs, ...mine.slice(start.length)]
    : null
}

function beginsWith(array: readonly unknown[], start: readonly unknown[]): boolean {
  return array.length >= start.length && start.every((item, index) => equal(array[index], item))
}
