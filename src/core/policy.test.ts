import { describe, expect, it } from 'vitest'
import { beat, expiry, isLive, milliseconds } from './policy.ts'

describe('a duration', () => {
  it.each([
    [1500, 1500],
    ['90s', 90_000],
    ['1.5h', 5_400_000],
    ['30m', 1_800_000],
    ['30d', 2_592_000_000],
    [Infinity, Infinity],
  ] as const)('%s is %d ms', (duration, ms) => expect(milliseconds(duration, 'idle')).toBe(ms))

  it.each([0, -1, NaN, '', 'h', '1', '1w', '1h ', '-1h', '1h30m', null, {}, '0s'])(
    'is not %j',
    (duration) => {
      expect(() => milliseconds(duration as never, 'idle')).toThrow(
        expect.objectContaining({ code: 'CONFIG', message: expect.stringContaining('as idle') }),
      )
    },
  )
})

describe('the two clocks', () => {
  const policy = { idle: 100, lifetime: 1000 }
  const record = { data: {}, createdAt: 5000, expiresAt: 5100, revision: 1 }

  it('whichever ends first ends the session', () => {
    expect(expiry(5000, 5000, policy)).toBe(5100)
    expect(expiry(5950, 5000, policy)).toBe(6000)
  })

  it('are both enforced to the millisecond', () => {
    expect(isLive(record, 5099, policy)).toBe(true)
    expect(isLive(record, 5100, policy)).toBe(false)
    const forged = { ...record, expiresAt: Infinity }
    expect(isLive(forged, 5999, policy)).toBe(true)
    expect(isLive(forged, 6000, policy)).toBe(false)
    expect(isLive({ ...forged, lifetime: Infinity }, 1e15, policy)).toBe(true)
  })

  it.each([NaN, undefined, null, 'soon', -1, 5000 + 2 * 86_400_000, Infinity])(
    'a creation time of %s means expired',
    (createdAt) => {
      const absurd = { ...record, createdAt: createdAt as number, expiresAt: Infinity }
      expect(isLive(absurd, 5050, policy)).toBe(false)
    },
  )

  it.each([NaN, undefined, 'soon', -Infinity, -1, 0])(
    'an expiry of %s means expired',
    (expiresAt) => {
      expect(isLive({ ...record, expiresAt: expiresAt as number }, 5050, policy)).toBe(false)
    },
  )

  it.each([NaN, -1, 0])('an own idle time or lifetime of %s means expired', (own) => {
    expect(isLive({ ...record, idle: own }, 5050, policy)).toBe(false)
    expect(isLive({ ...record, lifetime: own }, 5050, policy)).toBe(false)
  })

  it('the beat is an eighth of the idle time, a minute at most', () => {
    expect(beat(80)).toBe(10)
    expect(beat(7_200_000)).toBe(60_000)
    expect(beat(Infinity)).toBe(60_000)
  })
})
