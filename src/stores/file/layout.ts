import { biggestKeys, isPlainObject, type JsonObject } from '../../core/data.ts'
import { VitrineError } from '../../core/errors.ts'
import { isId } from '../../core/id.ts'
import type { Codec, SessionRecord } from '../../core/store.ts'

/** How a record becomes the text of a file, and back. */
export interface Layout {
  /** With the dot. */
  readonly extension: string
  /** Which ids may become file names. Must be safe on every disk: no separators, no leading dot. */
  accepts(id: string): boolean
  /** @throws VitrineError `INVALID` when this layout cannot keep something in the record */
  encode(id: string, record: SessionRecord): string
  /**
   * @param modifiedAt the file's modification time in ms, for a file that says no times itself
   * @throws Unreadable with a reason that quotes nothing of the file
   */
  decode(id: string, bytes: Buffer, modifiedAt: number): SessionRecord
  /** Whether `decode` makes the very same of what `encode` makes of a record. Absent: only reading tells. */
  isExact?(record: SessionRecord): boolean
  /**
   * When a session ends, where the beginning of its file says so exactly as `encode` writes it; else NaN.
   * A sweep over many sessions need not parse those that go on.
   */
  expiryIn?(id: string, head: string): number
}

/**
 * The text of a session's file.
 * @param maxBytes how long it may be at most
 * @throws VitrineError `TOO_LARGE`, or what `encode` throws
 */
export function textOf(
  id: string,
  record: SessionRecord,
  layout: Layout,
  maxBytes: number,
): string {
  const text = layout.encode(id, record)
  const size = Buffer.byteLength(text)
  if (size <= maxBytes) return text
  throw new VitrineError(
    'TOO_LARGE',
    `Cannot store a session of ${size} bytes: the bound is ${maxBytes}; biggest: ${biggestKeys(record.data)}`,
  )
}

/** The ids that file names stand for. */
export function idsOf(names: readonly string[], layout: Layout): string[] {
  return names.map((name) => idOf(name, layout)).filter((id) => id !== null)
}

/** The id that a file name stands for; `null` when it is no session's. */
export function idOf(name: string, { extension, accepts }: Layout): string | null {
  const id = name.endsWith(extension) ? name.slice(0, -extension.length) : ''
  return accepts(id) ? id : null
}

/** A file that is no session. The message is the reason, and holds nothing of the content. */
export class Unreadable extends Error {}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/**
 * The default layout: the session's facts around its `data`, times as ISO 8601 texts, so that a person
 * can read and edit all of it.
 * @param codec `JSON`, or the `yaml` package
 * @param idLast whether the id ends the file: where the beginning of a file is a file as well, its end must tell
 */
export function plainLayout(extension: string, codec: Codec, idLast = false): Layout {
  return {
    extension,
    accepts: isId,

    encode(id, record) {
      const { createdAt, expiresAt, idle, lifetime, revision, retired, flash, data } = record
      const file: JsonObject = {}
      if (!idLast) file['id'] = id
      file['created'] = new Date(createdAt).toISOString()
      file['expires'] = timeText(expiresAt)
      if (idle !== undefined) file['idle'] = seconds(idle)
      if (lifetime !== undefined) file['lifetime'] = seconds(lifetime)
      file['revision'] = revision
      if (retired) file['retired'] = true
      if (flash) file['flash'] = flash
      file['data'] = data
      if (idLast) file['id'] = id
      return codec.stringify(file).trimEnd() + '\n'
    },

    decode(id, bytes) {
      const file = parseObject(bytes, codec)
      if (file.id !== id) throw new Unreadable('its id is not its file name')
      if (!isPlainObject(file.data)) throw new Unreadable('data is not an object')
      if (file.flash !== undefined && !isPlainObject(file.flash)) {
        throw new Unreadable('flash is not an object')
      }
      return {
        data: file.data,
        ...(file.flash !== undefined && { flash: file.flash }),
        createdAt: time(file.created),
        expiresAt: time(file.expires),
        revision: Number.isSafeInteger(file.revision) ? (file.revision as number) : 0,
        ...(file.idle !== undefined && { idle: span(file.idle) }),
        ...(file.lifetime !== undefined && { lifetime: span(file.lifetime) }),
        ...(file.retired === true && { retired: true }),
      }
    },
  }
}

/**
 * Reads the object that a file is. Only a plain object is a session.
 * @throws Unreadable
 */
export function parseObject(bytes: Buffer, codec: Codec): JsonObject {
  if (bytes.length === 0) throw new Unreadable('the file is empty')
  let text: string
  try {
    text = UTF8.decode(bytes)
  } catch {
    throw new Unreadable('it is not UTF-8 text')
  }
  let value: unknown
  try {
    value = codec.parse(text)
  } catch {
    throw new Unreadable('it does not parse')
  }
  if (!isPlainObject(value)) throw new Unreadable('it is not an object')
  return value
}

/** The last moment that has an ISO form (ECMAScript, 21.4.1.1). */
const LAST_MOMENT = 8.64e15

function timeText(time: number): string {
  return time > LAST_MOMENT ? 'never' : new Date(time).toISOString()
}

/** A day and perhaps a time of day as ISO 8601 has them. `Date.parse` alone makes a time even of `soon 49`. */
const MOMENT =
  /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/

/** NaN where it is no time: the engine takes that as expired. */
export function time(value: unknown): number {
  if (value === 'never') return Infinity
  return typeof value === 'string' && MOMENT.test(value) ? Date.parse(value) : NaN
}

/** Durations stand in the file in seconds, as in cookies. */
function seconds(ms: number): number | string {
  return ms === Infinity ? 'never' : ms / 1000
}

function span(value: unknown): number {
  if (value === 'never') return Infinity
  return typeof value === 'number' && value > 0 ? value * 1000 : NaN
}
