import { formatPath, isPlainObject, type JsonObject, type Path } from '../../core/data.ts'
import { VitrineError } from '../../core/errors.ts'
import type { SessionRecord } from '../../core/store.ts'
import { time, Unreadable } from './layout.ts'

/** The one key of a Dancer session that is ours. Perl keeps it, like any other, and looks at none of it. */
export const OUR_KEY = 'vitrine'

/** How deep Perl's JSON nests; it dies of anything deeper. */
export const MAX_DEPTH = 512

/** The last time that has a date, in ms (ECMA-262, 21.4.1.1). */
const LAST_DATE = 8.64e15

/** What the record says beside its data. Texts where a number would lose its type or its meaning in Perl. */
interface Facts {
  readonly created: string
  readonly expires: string
  readonly revision: number
  readonly idle?: number | 'never'
  readonly lifetime?: number | 'never'
  readonly retired?: true
  readonly flash?: Readonly<JsonObject>
}

/**
 * Makes a record the flat hash that a Dancer session is: its `id`, the data, and our facts under one key.
 * @throws VitrineError `INVALID` for data that uses a reserved key, or that would kill the session in Perl
 */
export function flatten(
  id: string,
  record: SessionRecord,
): JsonObject & { readonly [OUR_KEY]: Facts } {
  const { data, flash } = record
  for (const key of ['id', OUR_KEY]) {
    if (Object.hasOwn(data, key)) {
      throw new VitrineError(
        'INVALID',
        `Cannot store session.data.${key}: a Dancer session keeps ${key === 'id' ? 'its own id' : 'its times'} there; use another name`,
      )
    }
  }
  checkForPerl(data, [])
  if (flash) checkForPerl(flash, [])
  const facts: Facts = {
    created: new Date(record.createdAt).toISOString(),
    expires: record.expiresAt > LAST_DATE ? 'never' : new Date(record.expiresAt).toISOString(),
    revision: record.revision,
    ...(record.idle !== undefined && { idle: seconds(record.idle) }),
    ...(record.lifetime !== undefined && { lifetime: seconds(record.lifetime) }),
    ...(record.retired && { retired: true }),
    ...(flash && { flash }),
  }
  return { id, ...data, [OUR_KEY]: facts }
}

/**
 * Reads the flat hash of a Dancer session. What Perl wrote alone has no facts of ours: it began when the file
 * was written and ends never by itself, as in Dancer.
 * @param modifiedAt the file's modification time in ms
 * @throws Unreadable
 */
export function unflatten(id: string, flat: JsonObject, modifiedAt: number): SessionRecord {
  const { id: named, [OUR_KEY]: facts, ...data } = flat
  // Perl answers with the id inside the file, whatever the file is called
  if (named !== undefined && named !== null && named !== id && named !== Number(id)) {
    throw new Unreadable('its id is not its file name')
  }
  if (facts === undefined || facts === null) {
    return { data, createdAt: Math.trunc(modifiedAt), expiresAt: Infinity, revision: 0 }
  }
  if (!isPlainObject(facts)) throw new Unreadable(`its ${OUR_KEY} is not an object`)
  const { flash, idle, lifetime, retired } = facts
  if (flash !== undefined && !isPlainObject(flash))
    throw new Unreadable('its flash is not an object')
  return {
    data,
    ...(flash !== undefined && { flash }),
    createdAt: time(facts['created']),
    expiresAt: time(facts['expires']),
    revision: count(facts['revision']),
    ...(idle !== undefined && { idle: span(idle) }),
    ...(lifetime !== undefined && { lifetime: span(lifetime) }),
    ...(isTrueInPerl(retired) && { retired: true }),
  }
}

/** What Perl could not read, or not write again: the session would be an error 500 there from then on. */
function checkForPerl(value: unknown, path: Path): void {
  if (typeof value === 'string') checkText(value, path)
  if (typeof value !== 'object' || value === null) return
  // the hash itself and our own key around flash take two levels
  if (path.length > MAX_DEPTH - 3) throw invalid(path, `it is nested deeper than Perl can read`)
  if (Array.isArray(value)) value.forEach((item, index) => checkForPerl(item, [...path, index]))
  else {
    for (const [key, member] of Object.entries(value)) {
      checkText(key, path)
      checkForPerl(member, [...path, key])
    }
  }
}

function checkText(text: string, path: Path): void {
  if (/[\p{Surrogate}\p{Noncharacter_Code_Point}]/u.test(text)) {
    throw invalid(
      path,
      'Perl cannot write half a surrogate pair, nor a noncharacter such as U+FFFF',
    )
  }
}

function invalid(path: Path, reason: string): VitrineError {
  const where = formatPath(path.slice(0, 8))
  const joint = where === '' || where.startsWith('[') ? '' : '.'
  return new VitrineError('INVALID', `Cannot store session.data${joint}${where}: ${reason}`)
}

/** Lengths of time stand in seconds, as in cookies. */
function seconds(ms: number): number | 'never' {
  return ms === Infinity ? 'never' : ms / 1000
}

// Perl may hand a number back as text: it has one type for both.
function span(value: unknown): number {
  if (value === 'never') return Infinity
  const length = Number(value)
  return length > 0 ? length * 1000 : NaN
}

function count(value: unknown): number {
  const revision = Number(value)
  return Number.isSafeInteger(revision) && revision >= 0 ? revision : 0
}

/** As Perl decides it: of texts, the empty one and `0` are false. */
export function isTrueInPerl(value: unknown): boolean {
  return Boolean(value) && value !== '0'
}
