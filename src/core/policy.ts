import { VitrineError } from './errors.ts'
import type { SessionRecord } from './store.ts'

/** A length of time: milliseconds, or a number with a unit such as `'90s'`, `'30m'`, `'2h'`, `'30d'`. `Infinity`: never ends. */
export type Duration = number | `${number}${'s' | 'm' | 'h' | 'd'}`

const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const DURATION = /^(\d+(?:\.\d+)?)([smhd])$/

/** How far a clock may run ahead of ours before a creation time is not believed, in ms. */
const CLOCK_SKEW = 86_400_000

/**
 * Reads a duration.
 * @param name the option it was given for, for the error
 * @returns milliseconds, more than 0
 * @throws VitrineError `CONFIG`
 */
export function milliseconds(duration: Duration, name: string): number {
  const match = typeof duration === 'string' ? DURATION.exec(duration) : null
  const value = match ? Number(match[1]) * (UNITS[match[2] as string] as number) : duration
  if (typeof value !== 'number' || !(value > 0)) {
    throw new VitrineError(
      'CONFIG',
      `Cannot use ${String(duration)} as ${name}: give milliseconds or a text like "30m", "2h", "14d"`,
    )
  }
  return value
}

/** The two clocks of a session, in ms (OWASP: idle and absolute timeout). */
export interface Policy {
  readonly idle: number
  readonly lifetime: number
}

/** What a session has of a policy of its own. */
export function ownPolicy({
  idle,
  lifetime,
}: {
  readonly idle?: number | undefined
  readonly lifetime?: number | undefined
}): Partial<Policy> {
  return { ...(idle !== undefined && { idle }), ...(lifetime !== undefined && { lifetime }) }
}

/** The policy of one session: its own where `keep()` gave it one. */
export function policyOf(record: Pick<SessionRecord, 'idle' | 'lifetime'>, policy: Policy): Policy {
  return { idle: record.idle ?? policy.idle, lifetime: record.lifetime ?? policy.lifetime }
}

/** When a session that was used now ends, if nobody uses it again. */
export function expiry(now: number, createdAt: number, policy: Policy): number {
  return Math.min(now + policy.idle, createdAt + policy.lifetime)
}

/**
 * Tells whether a record still counts. Both clocks are enforced from the record, whatever the cookie says;
 * a missing, unreadable or absurd time means expired.
 */
export function isLive(record: SessionRecord, now: number, policy: Policy): boolean {
  const { createdAt, expiresAt } = record
  const { idle, lifetime } = policyOf(record, policy)
  // a store may hand out anything: a text would be taken for a time, and added to at its end
  return (
    typeof createdAt === 'number' &&
    typeof expiresAt === 'number' &&
    typeof idle === 'number' &&
    typeof lifetime === 'number' &&
    createdAt >= 0 &&
    createdAt <= now + CLOCK_SKEW &&
    idle > 0 &&
    now < expiresAt &&
    now < createdAt + lifetime
  )
}

/**
 * How far the expiry must move before it is worth a write and a cookie, in ms: reading must stay cheap.
 * @param idle in ms
 */
export function beat(idle: number): number {
  return Math.min(idle / 8, 60_000)
}
