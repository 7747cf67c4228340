import { formatPath, isPlainObject, own, put, type JsonObject, type Path } from '../../core/data.ts'
import { Failure } from './failure.ts'

const STEP = /(?:^|\.)([^.[\]"\s]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y

/**
 * Reads a path as one writes it in code: `cart.items[0]["unit price"]`. `cart.items.0` is fine too.
 * @throws Failure with exit code 2
 */
export function parsePath(text: string): Path {
  const path: (string | number)[] = []
  STEP.lastIndex = 0
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text)
    if (!match) throw notAPath(text)
    const [, name, index, quoted] = match
    if (name !== undefined) path.push(name)
    else if (index !== undefined) path.push(Number(index))
    else path.push(unquote(quoted as string, text))
  }
  if (path.length === 0) throw notAPath(text)
  return path
}

function unquote(quoted: string, text: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    throw notAPath(text)
  }
}

function notAPath(text: string): Failure {
  return new Failure(2, `"${text}" is not a path`, {
    hint: 'Write it as in code: cart.items[0]["unit price"]',
  })
}

/** The value at a path; `undefined` when there is none. Only own members count. */
export function valueAt(value: unknown, path: Path): unknown {
  let here = value
  for (const key of path) here = memberOf(here, key)
  return here
}

function memberOf(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return value[indexOf(key)]
  return isPlainObject(value) ? own(value, String(key)) : undefined
}

/** A place in an array, also when it was written as a name; NaN when it is none. */
function indexOf(key: string | number): number {
  return typeof key === 'number' || /^\d+$/.test(key) ? Number(key) : NaN
}

/**
 * Sets the value at a path, in a copy; objects on the way are made where there is nothing.
 * @throws Failure with exit code 6 when something on the way is no object
 */
export function withValue(data: JsonObject, path: Path, value: unknown): JsonObject {
  return replaced(data, path, 0, value) as JsonObject
}

/**
 * Removes what is at a path, in a copy. Removing what is absent is fine.
 */
export function withoutValue(data: JsonObject, path: Path): JsonObject {
  return valueAt(data, path) === undefined
    ? data
    : (replaced(data, path, 0, undefined) as JsonObject)
}

function replaced(value: unknown, path: Path, depth: number, leaf: unknown): unknown {
  if (depth === path.length) return leaf
  const key = path[depth] as string | number
  if (Array.isArray(value)) {
    const index = indexOf(key)
    if (!(index <= value.length)) throw blocked(path, depth, `[0] to [${value.length}]`)
    const member = replaced(value[index], path, depth + 1, leaf)
    return value.toSpliced(index, 1, ...(member === undefined ? [] : [member]))
  }
  if (value !== undefined && !isPlainObject(value)) throw blocked(path, depth, null)
  const copy: JsonObject = { ...value }
  const member = replaced(own(copy, String(key)), path, depth + 1, leaf)
  if (member === undefined) delete copy[String(key)]
  else put(copy, String(key), member)
  return copy
}

function blocked(path: Path, depth: number, indices: string | null): Failure {
  const why = indices ? `is a list and takes ${indices}` : 'is not an object'
  return new Failure(6, `Cannot set ${formatPath(path)}`, {
    why: `${formatPath(path.slice(0, depth))} ${why}`,
  })
}
