import { cloneJson } from './copy.ts'
import { copyJson, equal, put, type JsonObject } from './data.ts'

/**
 * A member that holds more values than this is copied when somebody looks at it, not before. Below, copying it
 * costs less than the accessor that waits for the look.
 */
const HEAVY = 200

interface Waiting {
  readonly source: unknown
  readonly look: () => unknown
}

/** The heavy members of stored data: it never changes, and is copied for each request. */
const heavyIn = new WeakMap<JsonObject, ReadonlySet<string>>()

/** The members of a late copy that nobody may have looked at yet. */
const waitingIn = new WeakMap<JsonObject, Map<string, Waiting>>()

/** What Node's `console.log` asks an object for. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * A copy of stored data, to be changed at will. Most requests look at little of a large session, so a heavy member
 * is an accessor until somebody looks at it or sets it, and an ordinary member from then on.
 * @param stored plain JSON that never changes
 */
export function copyLate(stored: JsonObject): JsonObject {
  const heavy = heavyIn.get(stored) ?? weighed(stored)
  if (heavy.size === 0) return cloneJson(stored)
  const copy: JsonObject = {}
  const waiting = new Map<string, Waiting>()
  for (const key of Object.keys(stored)) {
    const member = stored[key]
    if (heavy.has(key)) waiting.set(key, copyWhenLookedAt(copy, key, member))
    else put(copy, key, cloneJson(member))
  }
  waitingIn.set(copy, waiting)
  Object.defineProperty(copy, INSPECT, { value: lookAtAll, configurable: true, writable: true })
  return copy
}

/** Like `equal`, without looking at what nobody has looked at. */
export function equalLate(live: JsonObject, stored: JsonObject): boolean {
  const waiting = waitingIn.get(live)
  if (!waiting) return equal(live, stored)
  let members = 0
  for (const key of Object.keys(live)) {
    const source = sourceOf(live, key, waiting)
    const member = source ?? live[key]
    if (member === undefined) continue
    members++
    if (!Object.hasOwn(stored, key) || !equal(member, stored[key])) return false
  }
  return members === Object.keys(stored).length
}

/**
 * Like `copyJson`; what nobody has looked at is shared with the stored data.
 * @throws VitrineError `INVALID`
 */
export function snapshot(live: JsonObject, maxDepth: number): JsonObject {
  const waiting = waitingIn.get(live)
  if (!waiting) return copyJson(live, maxDepth) as JsonObject
  const shared = new Map<string, unknown>()
  const seen: JsonObject = {}
  for (const key of Object.keys(live)) {
    const source = sourceOf(live, key, waiting)
    if (source !== undefined) shared.set(key, source)
    put(seen, key, source === undefined ? live[key] : null)
  }
  const copy = copyJson(seen, maxDepth) as JsonObject
  for (const [key, source] of shared) put(copy, key, source)
  return copy
}

/** The stored value behind a member that is still waiting; an accessor of anybody else's is not ours. */
function sourceOf(live: JsonObject, key: string, waiting: Map<string, Waiting>): unknown {
  const member = waiting.get(key)
  if (!member) return undefined
  if (Object.getOwnPropertyDescriptor(live, key)?.get === member.look) return member.source
  waiting.delete(key)
  return undefined
}

function copyWhenLookedAt(owner: JsonObject, key: string, source: unknown): Waiting {
  let copy: unknown
  const settle = (value: unknown): boolean =>
    Reflect.defineProperty(owner, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  const look = (): unknown => {
    if (copy === undefined) settle((copy = cloneJson(source)))
    return copy // also of a frozen object, where the accessor stays
  }
  const set = (value: unknown): void => {
    if (!settle(value)) throw new TypeError(`Cannot assign to read only property '${key}'`)
  }
  Object.defineProperty(owner, key, { get: look, set, enumerable: true, configurable: true })
  return { source, look }
}

/** Printing shows values, not accessors. */
function lookAtAll(this: JsonObject): JsonObject {
  for (const key of Object.keys(this)) void this[key]
  return this
}

function weighed(stored: JsonObject): ReadonlySet<string> {
  const heavy = new Set<string>()
  for (const [key, member] of Object.entries(stored)) {
    if (weighMember(member, HEAVY + 1) < 0) heavy.add(key)
  }
  heavyIn.set(stored, heavy)
  return heavy
}

/** What is left of an allowance after so many values; negative: more than that. */
function weigh(value: object, allowance: number): number {
  let left = allowance
  if (Array.isArray(value)) {
    for (const item of value) {
      if (left < 0) break
      left = weighMember(item, left)
    }
  } else {
    for (const key in value) {
      if (left < 0) break
      left = weighMember((value as JsonObject)[key], left)
    }
  }
  return left
}

function weighMember(member: unknown, allowance: number): number {
  return typeof member === 'object' && member !== null
    ? weigh(member, allowance - 1)
    : allowance - 1
}
