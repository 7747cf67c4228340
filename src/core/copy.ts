import { equal, isPlainObject, own, put, type JsonObject } from './data.ts'

/**
 * Copies a value that is known to be plain JSON: several times quicker than `copyJson`, which has to find that out.
 */
export function cloneJson<T>(value: T): T
export function cloneJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => cloneMember(item))
  const copy: JsonObject = { ...value } // in one go, where V8 knows the shape
  for (const key in copy) {
    const member = copy[key]
    if (typeof member !== 'object' || member === null) continue
    if (Object.hasOwn(copy, key)) copy[key] = cloneJson(member)
  }
  return copy
}

function cloneMember(member: unknown): unknown {
  return typeof member === 'object' && member !== null ? cloneJson(member) : member
}

/** Far more levels than the engine stores. */
const MAX_DEPTH = 1000

/**
 * Freezes a record that is plain JSON, or its data, to the bottom: it is handed out again and again. What is frozen
 * already, is so to the bottom.
 * @param levels a bound that keeps a hostile file from exhausting the stack
 * @throws RangeError for what a JSON text may say and data may not hold
 */
export function freezeJson<T extends object>(value: T, levels: number = MAX_DEPTH): T {
  if (levels === 0) throw new RangeError(`it is nested deeper than ${MAX_DEPTH} levels`)
  for (const key in value) {
    const member: unknown = value[key]
    if (typeof member === 'object' && member !== null) {
      if (!Object.isFrozen(member)) freezeJson(member, levels - 1)
    }
    // what `JSON.parse` makes of 1e400 is no JSON any more; a time may be that, data may not
    else if (levels < MAX_DEPTH && (member === Infinity || member === -Infinity)) {
      throw new RangeError('it holds a number without bounds')
    }
  }
  return Object.freeze(value)
}

/**
 * Makes a live object equal to a target, keeping the objects that the app may still hold references to.
 * @param target plain JSON; copied where it is taken over
 */
export function assignInPlace(live: JsonObject, target: JsonObject): void {
  for (const key of Object.keys(live)) {
    if (!Object.hasOwn(target, key)) delete live[key]
  }
  for (const key of Object.keys(target)) {
    const mine = own(live, key)
    const wanted = target[key]
    if (equal(mine, wanted)) continue
    if (isPlainObject(mine) && isPlainObject(wanted)) assignInPlace(mine, wanted)
    else if (Array.isArray(mine) && Array.isArray(wanted)) {
      mine.splice(0, mine.length, ...(cloneJson(wanted) as unknown[]))
    } else put(live, key, cloneJson(wanted))
  }
}
