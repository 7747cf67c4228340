import { VitrineError } from './errors.ts'

/** Where a value stands inside `session.data`. */
export type Path = readonly (string | number)[]

/** One difference between two states. The values are not enumerable, so that printing a change shows none. */
export interface Change {
  readonly op: 'add' | 'change' | 'remove'
  readonly path: Path
  readonly before: unknown
  readonly after: unknown
}

export type JsonObject = Record<string, unknown>

const { hasOwnProperty } = Object.prototype

/** Whether JSON would see a plain object: made by a literal, by `JSON.parse` or without a prototype. */
export function isPlainObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    prototype === Object.prototype ||
    prototype === null ||
    // an object of another realm (a vm context, a test runner)
    (Object.getPrototypeOf(prototype) === null &&
      Object.hasOwn(prototype as object, 'isPrototypeOf'))
  )
}

/** Sets an own member, also when its name is `__proto__`. */
export function put(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  } else {
    object[key] = value
  }
}

/** Writes a path as one would in code: `cart.items[0]["unit price"]`. */
export function formatPath(path: Path): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (/^[A-Za-z_$][\w$]*$/.test(key)) text += text === '' ? key : `.${key}`
    else text += `[${JSON.stringify(key).replace(UNSEEN, unitEscapes)}]`
  }
  return text
}

/** What a terminal may obey and `JSON.stringify` lets through: DEL, C1, line separators, turned text. */
const UNSEEN = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

function unitEscapes(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * Copies a value as JSON would carry it. Members that are `undefined` are absent.
 * @param maxDepth how many levels of nesting are allowed
 * @throws VitrineError `INVALID`, with the path of a value that JSON would silently change
 */
export function copyJson(
  value: unknown,
  maxDepth: number,
  path: (string | number)[] = [],
): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (Number.isFinite(value)) return value === 0 ? 0 : value // JSON writes -0 as 0
      break
    case 'object':
      if (value === null) return null
      if (path.length >= maxDepth) {
        throw invalid(path, `it is nested deeper than ${maxDepth} levels, or contains itself`)
      }
      if (Array.isArray(value)) return copyArray(value, maxDepth, path)
      if (isPlainObject(value)) return copyObject(value, maxDepth, path)
  }
  throw invalid(path, whyNot(value))
}

// One path is pushed and popped for the whole walk: it is only read when something is refused.
function copyArray(
  array: readonly unknown[],
  maxDepth: number,
  path: (string | number)[],
): unknown[] {
  if (!hasItemsOnly(array)) {
    throw invalid(path, 'an array with holes or named members loses them; use a plain object')
  }
  return array.map((item, index) => {
    path.push(index)
    const copy = copyJson(item, maxDepth, path)
    path.pop()
    return copy
  })
}

function copyObject(object: JsonObject, maxDepth: number, path: (string | number)[]): JsonObject {
  if (Object.getOwnPropertySymbols(object).some((name) => isEnumerable(object, name))) {
    throw invalid(path, 'a member named by a symbol would be dropped; use a string key')
  }
  const copy: JsonObject = {}
  for (const key of Object.keys(object)) {
    const member = object[key]
    if (member === undefined) continue
    path.push(key)
    put(copy, key, copyJson(member, maxDepth, path))
    path.pop()
  }
  return copy
}

function isEnumerable(object: object, name: symbol): boolean {
  return Object.prototype.propertyIsEnumerable.call(object, name)
}

function invalid(path: Path, reason: string): VitrineError {
  const where = formatPath(path)
  const joint = where === '' || where.startsWith('[') ? '' : '.'
  return new VitrineError('INVALID', `Cannot store session.data${joint}${where}: ${reason}`)
}

function whyNot(value: unknown): string {
  if (value === undefined)
    return 'undefined in an array would become null; use null or leave it out'
  if (typeof value === 'number')
    return `${value} would become null; store a finite number or a text`
  if (typeof value === 'bigint') return 'a BigInt has no JSON form; store String(value)'
  if (typeof value === 'function') return 'a function would be dropped; store plain data'
  if (typeof value === 'symbol') return 'a symbol would be dropped; store a string'
  if (value instanceof Date)
    return 'a Date would become a text; store date.toISOString() or date.getTime()'
  if (value instanceof Map) return 'a Map would become {}; store Object.fromEntries(map)'
  if (value instanceof Set) return 'a Set would become {}; store [...set]'
  // the prototype's: a member called `constructor` may be data
  const name: unknown = (Object.getPrototypeOf(value) as object).constructor?.name
  return `an instance of ${typeof name === 'string' ? name : 'class'} would lose its class; store a plain object`
}

/**
 * Whether two values are the same as JSON, whatever the order of members.
 * @param live may hold anything; whatever is not JSON is unequal to everything
 * @param stored plain JSON
 */
export function equal(live: unknown, stored: unknown): boolean {
  if (live === stored) return true
  if (typeof live !== 'object' || live === null) return false
  if (typeof stored !== 'object' || stored === null) return false
  if (Array.isArray(live)) {
    if (!Array.isArray(stored) || live.length !== stored.length) return false
    for (let at = 0; at < live.length; at++) if (!equal(live[at], stored[at])) return false
    return hasItemsOnly(live)
  }
  if (Array.isArray(stored) || !isPlainObject(live)) return false
  const other = stored as JsonObject
  // For…in makes no list of names, and V8 answers its keys' hasOwnProperty at once, twice as fast as Object.hasOwn:
  // this is done for each request that looked at its session.
  let members = 0
  for (const key in live) {
    const member = live[key]
    if (member === undefined || !hasOwnProperty.call(live, key)) continue
    members++
    if (member === other[key]) continue // most are
    if (!hasOwnProperty.call(other, key) || !equal(member, other[key])) return false
  }
  return members === countMembers(other)
}

function countMembers(object: object): number {
  let members = 0
  for (const key in object) if (hasOwnProperty.call(object, key)) members++
  return members
}

/** Whether an array has neither holes nor named members. */
function hasItemsOnly(array: readonly unknown[]): boolean {
  return countMembers(array) === array.length
}

/** What must be done to `before` to get `after`: both plain JSON, `undefined` for absent. */
export function diff(before: unknown, after: unknown, path: Path = []): Change[] {
  const changes: Change[] = []
  collectChanges(before, after, [...path], changes)
  return changes
}

// One path is pushed and popped for the whole walk: most members did not change.
function collectChanges(
  before: unknown,
  after: unknown,
  path: (string | number)[],
  changes: Change[],
): void {
  if (before === after) return
  if (isPlainObject(before) && isPlainObject(after)) {
    for (const key of Object.keys(before)) step(key, before[key], own(after, key))
    for (const key of Object.keys(after)) {
      if (!Object.hasOwn(before, key)) step(key, undefined, after[key])
    }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length)
    for (let index = 0; index < length; index++) step(index, before[index], after[index])
  } else {
    const op = before === undefined ? 'add' : after === undefined ? 'remove' : 'change'
    changes.push(withHidden({ op, path: [...path] } as const, { before, after }))
  }

  function step(key: string | number, one: unknown, other: unknown): void {
    if (one === other) return
    path.push(key)
    collectChanges(one, other, path, changes)
    path.pop()
  }
}

/** A member that the object has itself; `undefined` when it has none of that name. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Names the members that weigh most, for an error: `cart 3.1 kB, log 0.9 kB`. */
export function biggestKeys(data: object): string {
  return Object.entries(data)
    .map(([key, value]) => ({ key, size: JSON.stringify(value)?.length ?? 0 }))
    .sort((a, b) => b.size - a.size)
    .slice(0, 3)
    .map(({ key, size }) => `${formatPath([key])} ${(size / 1000).toFixed(1)} kB`)
    .join(', ')
}

/** Adds members that code can read and a printer does not show. */
export function withHidden<T extends object, H extends object>(visible: T, hidden: H): T & H {
  for (const [name, value] of Object.entries(hidden)) {
    Object.defineProperty(visible, name, { value, enumerable: false })
  }
  return visible as T & H
}
