import { basename, dirname, extname, resolve } from 'node:path'
import { isPlainObject } from '../../core/data.ts'
import { whoIs } from './facts.ts'
import { EXIT, Failure } from './failure.ts'
import { isCurrent, listStore, type Entry, type Opened, type Unreadable } from './opened.ts'

/** How short a prefix may be. */
const SHORTEST = 4

/** Something that a reference can mean: a session, or a file that is none. */
export type Target = Entry | Unreadable

/** What a reference is resolved with. */
export interface Reach {
  readonly opened: Opened
  readonly cwd: string
  readonly signal: AbortSignal
  now(): number
}

/**
 * Finds the session that a reference means: a full id, the beginning of one, `@last`, `@2` (second newest), or
 * a file's path.
 * @throws Failure with exit code 3 when there is none, or more than one
 */
export async function resolveRef(ref: string, reach: Reach): Promise<Target> {
  const { opened } = reach
  if (ref.startsWith('@')) return newest(ref, reach)
  const id = idOfPath(ref, reach) ?? ref
  const peek = await opened.look.peek(id)
  if (peek && 'unreadable' in peek) return { id, path: peek.path, reason: peek.unreadable }
  if (peek) return { id, ...peek }
  if (id !== ref) throw noSuchSession(ref)
  return byPrefix(ref, reach)
}

/** The id that a path ends with; `null` when the reference is no path. */
function idOfPath(ref: string, { opened, cwd }: Reach): string | null {
  const extension = extname(ref)
  const isPath = /[/\\]/.test(ref) || /^\.(?:json|ya?ml)$/.test(extension)
  if (!isPath) return null
  const path = resolve(cwd, ref)
  const id = basename(path, extension)
  // a bare file name may be meant from inside the directory or from outside
  const isHere = dirname(path) === opened.look.dir || (basename(ref) === ref && extension !== '')
  if (isHere) return id
  throw new Failure(EXIT.noSuchSession, `"${ref}" is not in ${opened.found.shown}`, {
    hint: `vitrine --store ${opened.found.kind}:${dirname(ref)} show ${id.slice(0, 8)}`,
  })
}

async function newest(ref: string, { opened, signal, now }: Reach): Promise<Entry> {
  const place = ref === '@last' ? 1 : Number(/^@([1-9]\d*)$/.exec(ref)?.[1])
  if (Number.isNaN(place)) {
    throw new Failure(EXIT.usage, `Cannot read "${ref}"`, {
      hint: 'Use @last, or @2 for the second newest',
    })
  }
  const { entries } = await listStore(opened, signal)
  const entry = entries.filter(({ record }) => isCurrent(record, now()))[place - 1]
  if (entry) return entry
  throw new Failure(EXIT.noSuchSession, `There is no ${ref}`, { hint: 'vitrine ls' })
}

async function byPrefix(ref: string, { opened }: Reach): Promise<Target> {
  const candidates: string[] = []
  if (ref !== '') {
    for await (const id of opened.look.ids()) if (id.startsWith(ref)) candidates.push(id)
  }
  const [only, ...others] = candidates
  if (only === undefined) throw noSuchSession(ref)
  if (others.length === 0 && ref.length >= SHORTEST) {
    const peek = await opened.look.peek(only)
    if (peek === null) throw noSuchSession(ref)
    return 'unreadable' in peek
      ? { id: only, path: peek.path, reason: peek.unreadable }
      : { id: only, ...peek }
  }
  throw ambiguous(ref, candidates, await namesOf(candidates.slice(0, 4), opened))
}

async function namesOf(ids: readonly string[], { look }: Opened): Promise<string[]> {
  const names: string[] = []
  for (const id of ids) {
    const peek = await look.peek(id)
    const who = peek && 'record' in peek ? whoIs(peek.record.data) : null
    names.push(shortId(id) + (who === null ? '' : ` (${who})`))
  }
  return names
}

function noSuchSession(ref: string): Failure {
  return new Failure(EXIT.noSuchSession, `No session "${ref}"`, {
    why: 'It may have ended, or lie in another store',
    hint: 'vitrine ls · vitrine where',
  })
}

function ambiguous(ref: string, candidates: readonly string[], names: readonly string[]): Failure {
  const { length } = candidates
  const more = length > names.length ? ` and ${length - names.length} more` : ''
  const what = `"${ref}" fits ${length} ${length === 1 ? 'session' : 'sessions'}: ${names.join(', ')}${more}`
  const missing = Math.max(SHORTEST, distinctLength(candidates)) - ref.length
  const hint = missing === 1 ? 'Give one more character' : `Give ${missing} more characters`
  return new Failure(EXIT.noSuchSession, what, { hint })
}

/** How many characters tell each of these ids from the others. */
export function distinctLength(ids: readonly string[]): number {
  const sorted = [...ids].sort()
  return sorted.slice(1).reduce((longest, id, at) => {
    const before = sorted[at] as string
    let shared = 0
    while (shared < id.length && id[shared] === before[shared]) shared++
    return Math.max(longest, shared + 1)
  }, 0)
}

/** The part of an id that is shown where there is little room. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}

/**
 * Reads references that another command wrote: one a line, a JSON array of ids or sessions, one session as JSON,
 * or a JSON document a line, as `ls -q`, `ls --json`, `show --json` and `ls --ndjson` print them.
 * @throws Failure with exit code 2 when it is none of these
 */
export function refsIn(text: string): string[] {
  const trimmed = text.trim()
  if (trimmed === '') return []
  if (/^[[{]/.test(trimmed)) {
    const whole = parse(trimmed)
    if (whole !== undefined) return (Array.isArray(whole) ? whole : [whole]).map(idIn)
  }
  const lines = trimmed.split(/\r?\n/).filter((line) => line.trim() !== '')
  return lines.map((line) =>
    line.startsWith('{') ? idIn(parse(line)) : (line.split('\t', 1)[0] as string).trim(),
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function idIn(value: unknown): string {
  const id = isPlainObject(value) ? value['id'] : value
  if (typeof id === 'string' && id !== '') return id
  throw new Failure(EXIT.usage, 'Cannot read the sessions from standard input', {
    hint: 'Give ids one a line, or what vitrine ls --json, --ndjson or -q prints',
  })
}
