import { isPlainObject, type JsonObject, type Path } from '../../core/data.ts'
import type { SessionRecord } from '../../core/store.ts'
import { whoIs } from './facts.ts'
import { Failure } from './failure.ts'
import { parsePath, valueAt } from './paths.ts'

/** Whether a session is one of those that were asked for. */
export type Query = (id: string, record: SessionRecord) => boolean

type Operator = ':' | '=' | '!=' | '>' | '>=' | '<' | '<='

// path, operator and value, each perhaps quoted, perhaps with spaces around the operator; or a bare word
const TERM =
  /(-)?(?:((?:[^\s:=!<>"[\]]|\[(?:\d+|"(?:[^"\\]|\\.)*")\])+)\s*(!=|>=|<=|[:=<>])\s*("(?:[^"\\]|\\.)*"|\S+)|("(?:[^"\\]|\\.)*"|\S+))/y

/**
 * Reads a query: terms that must all hold, `-` in front of one that must not.
 * `user.role:admin` holds in a text · `plan=pro` is exactly · `cart.total>100` compares numbers, else texts ·
 * `cart:*` is there · any other word is looked for in ids, names and values.
 * @throws Failure with exit code 2 when a path cannot be read
 */
export function parseQuery(text: string): Query {
  const terms: Query[] = []
  for (let rest = text.trim(); rest !== '';) {
    TERM.lastIndex = 0
    const match = TERM.exec(rest)
    if (!match) throw new Failure(2, `Cannot read the query at "${rest}"`)
    const [whole, minus, path, operator, value, word] = match
    const term =
      path === undefined
        ? anywhere(unquote(word as string))
        : compared(parsePath(path), operator as Operator, unquote(value as string))
    terms.push(minus ? (id, record) => !term(id, record) : term)
    rest = rest.slice(whole.length).trimStart()
  }
  return (id, record) => terms.every((term) => term(id, record))
}

function unquote(text: string): string {
  if (!text.startsWith('"') || !text.endsWith('"') || text.length < 2) return text
  try {
    return JSON.parse(text) as string
  } catch {
    return text.slice(1, -1)
  }
}

/** What a path may begin in: the data, `flash`, and `id` and `user` where the data has none of that name. */
function root(id: string, record: SessionRecord): JsonObject {
  const user = whoIs(record.data)
  return {
    id,
    ...(user !== null && { user }),
    ...(record.flash && { flash: record.flash }),
    ...record.data,
  }
}

function compared(path: Path, operator: Operator, wanted: string): Query {
  return (id, record) => {
    const value = valueAt(root(id, record), path)
    if (value === undefined) return operator === '!='
    if (wanted === '*' && operator === ':') return true
    switch (operator) {
      case ':':
        return scalarsIn(value).some((scalar) => contains(scalar, wanted))
      case '=':
        return scalarsIn(value).some((scalar) => String(scalar) === wanted)
      case '!=':
        return !scalarsIn(value).some((scalar) => String(scalar) === wanted)
      default:
        return isOrdered(value, operator, wanted)
    }
  }
}

function isOrdered(value: unknown, operator: Operator, wanted: string): boolean {
  if (typeof value !== 'number' && typeof value !== 'string') return false
  const [a, b] =
    typeof value === 'number' ? [value, Number(wanted)] : ([value, wanted] as [string, string])
  if (operator === '>') return a > b
  if (operator === '>=') return a >= b
  return operator === '<' ? a < b : a <= b
}

function contains(scalar: unknown, wanted: string): boolean {
  if (typeof scalar !== 'string') return String(scalar) === wanted
  return scalar.toLowerCase().includes(wanted.toLowerCase())
}

function anywhere(word: string): Query {
  return (id, record) =>
    id.startsWith(word) ||
    holds({ ...record.data, ...(record.flash && { flash: record.flash }) }, word)
}

function holds(value: unknown, word: string): boolean {
  if (Array.isArray(value)) return value.some((item) => holds(item, word))
  if (!isPlainObject(value)) return contains(value, word)
  return Object.entries(value).some(([key, member]) => contains(key, word) || holds(member, word))
}

function scalarsIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(scalarsIn)
  return isPlainObject(value) ? Object.values(value).flatMap(scalarsIn) : [value]
}
