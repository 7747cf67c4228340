import { equal, isPlainObject, own, put, type JsonObject } from './data.ts'

/**
 * Copies a value that is known to be plain JSON: several times quicker than `copyJson`, which has to find that out.
 */
export function cloneJson<T>(value: T): T
export function cloneJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const copy: unknown[] = []
    for (const item of value as readonly unknown[]) copy.push(cloneMember(item))
    return copy
  }
  const copy: JsonObject = {}
  for (const key in value) {
    if (Object.hasOwn(value, key)) put(copy, key, cloneMember((value as JsonObject)[key]))
  }
  return copy
}

function cloneMember(member: unknown): unknown {
  return typeof member === 'object' && member !== null ? cloneJson(member) : member
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
