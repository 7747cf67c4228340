import { formatPath, isPlainObject, own, type JsonObject } from '../../core/data.ts'
import type { SessionRecord } from '../../core/store.ts'

/** The members of data that tell whose session it is, best first. */
const WHO = ['user', 'email', 'username', 'login', 'userId', 'user_id', 'account', 'passport']
const NAMES = ['email', 'username', 'login', 'name', 'user', 'id']

/** Whose session it is, as far as the data tells; `null`: it does not. */
export function whoIs(data: JsonObject): string | null {
  for (const key of WHO) {
    const name = nameOf(own(data, key))
    if (name !== null) return name
  }
  return null
}

function nameOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return value === '' ? null : value
  if (!isPlainObject(value)) return null
  for (const key of NAMES) {
    const name = nameOf(own(value, key))
    if (name !== null) return name
  }
  return null
}

/** The members of a session in a few words, with counts: `cart[3] flash prefs`. Who it is has a column of its own. */
export function keysOf(record: SessionRecord): string[] {
  const keys = Object.entries(record.data)
    .filter(([key, value]) => !(WHO.includes(key) && nameOf(value) !== null))
    .map(([key, value]) => formatPath([key]) + countOf(value))
  return record.flash && !Object.hasOwn(record.data, 'flash') ? [...keys, 'flash'] : keys
}

function countOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}]`
  if (!isPlainObject(value)) return ''
  const items = own(value, 'items')
  return Array.isArray(items) ? `[${items.length}]` : ''
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * A length of time in its two largest units: `2 s`, `4 min`, `1 h 54`, `1 d 4 h`; days alone from the second on.
 * @param ms in milliseconds; what is less than 0 counts as 0
 */
export function spanText(ms: number): string {
  if (!(ms < Infinity)) return ms === Infinity ? 'never' : '?'
  const span = Math.max(0, ms)
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`
  if (span < DAY) {
    const minutes = Math.floor((span % HOUR) / MINUTE)
    return `${Math.floor(span / HOUR)} h ${String(minutes).padStart(2, '0')}`
  }
  const hours = Math.floor((span % DAY) / HOUR)
  const days = countText(Math.floor(span / DAY))
  return hours === 0 || span >= 2 * DAY ? `${days} d` : `${days} d ${hours} h`
}

/** A size as disks count: `640 B`, `1.2 kB`, `3.4 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 999_950) return `${(bytes / 1000).toFixed(1)} kB`
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** A count in groups of three: `1 284`. The space does not break. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u00a0')
}

/** `1 session`, `2 sessions`. */
export function sessionsText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'session' : 'sessions'}`
}

/** A time as ISO 8601; `never` for one that does not come, `unknown` for none. */
export function timeText(ms: number): string {
  if (ms === Infinity) return 'never'
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : 'unknown'
}
