import type { JsonObject } from '../../core/data.ts'

/** The types that YAML in Perl forgets. */
type ScalarType = 'number' | 'boolean'

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i

/**
 * Notes where a value holds numbers and booleans, so that they can be told from texts that look the same.
 * @returns types by JSON Pointer, percent-encoded (RFC 6901, 6); `/list/*` for a list of one type
 */
export function typesOf(value: unknown): Record<string, ScalarType> {
  const types: Record<string, ScalarType> = {}

  function note(pointer: string, member: unknown): void {
    if (typeof member === 'number' || typeof member === 'boolean') {
      types[pointer] = typeof member as ScalarType
    } else if (isUniform(member)) {
      types[`${pointer}/*`] = typeof member[0] as ScalarType
    } else if (typeof member === 'object' && member !== null) {
      for (const [key, inner] of Object.entries(member)) note(`${pointer}/${escaped(key)}`, inner)
    }
  }

  note('', value)
  return types
}

/**
 * Gives the texts of a value their types back, in place, where they still look like it: Perl may have put
 * something else there since, and then that stands.
 * @param types what `typesOf` made, possibly edited by somebody
 */
export function restoreTypes(value: JsonObject, types: JsonObject): void {
  for (const [pointer, type] of Object.entries(types)) {
    const keys = pointer.split('/').slice(1)
    const last = keys.pop()
    let target: unknown = value
    for (const key of keys.map(unescaped)) {
      target = isContainer(target) && Object.hasOwn(target, key) ? target[key] : null
    }
    if (last === undefined || !isContainer(target)) continue
    const places = last === '*' && Array.isArray(target) ? Object.keys(target) : [unescaped(last)]
    for (const place of places) {
      const text = Object.hasOwn(target, place) ? target[place] : null
      if (typeof text === 'string') target[place] = typed(text, type)
    }
  }
}

function typed(text: string, type: unknown): unknown {
  if (type === 'number' && NUMBER.test(text)) {
    const number = Number(text)
    // digits that a number would lose stay a text
    const isExact = Number.isSafeInteger(number) || !/^-?\d+$/.test(text) || String(number) === text
    if (isExact && Number.isFinite(number)) return number
  }
  if (type === 'boolean') {
    if (text === '1') return true
    if (text === '' || text === '0') return false
  }
  return text
}

function isUniform(value: unknown): value is readonly unknown[] {
  if (!Array.isArray(value) || value.length < 2) return false
  const type = typeof value[0]
  return (type === 'number' || type === 'boolean') && value.every((item) => typeof item === type)
}

function isContainer(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null
}

// As in a URI, but every sign that means something to YAML.pm, which misreads some names of members it wrote.
function escaped(key: string): string {
  return encodeURIComponent(key).replace(
    /[!'()*~]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  )
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}
