import { describe, expect, it } from 'vitest'
import { countText, keysOf, sizeText, spanText, timeText, whoIs } from './facts.ts'

describe('whose session it is', () => {
  it.each([
    [{ user: 'ada' }, 'ada'],
    [{ user: { id: 7, email: 'ada@lovelace.dev' } }, 'ada@lovelace.dev'],
    [{ user: { id: 7 } }, '7'],
    [{ userId: 42 }, '42'],
    [{ passport: { user: 'u1' } }, 'u1'],
    [{ email: 'ada@lovelace.dev' }, 'ada@lovelace.dev'],
    [{ user: '' }, null],
    [{ user: null, cart: [] }, null],
    [{}, null],
  ])('%j: %s', (data, who) => {
    expect(whoIs(data)).toBe(who)
  })
})

it('names the members with their counts', () => {
  const data = { user: 'ada', cart: { items: [1, 2, 3] }, tags: ['a'], prefs: {}, 'unit price': 1 }
  const record = { data, createdAt: 0, expiresAt: 1, revision: 1 }
  expect(keysOf(record)).toEqual(['cart[3]', 'tags[1]', 'prefs', '["unit price"]'])
  expect(keysOf({ ...record, data: {}, flash: { notice: 'x' } })).toEqual(['flash'])
})

it.each([
  [-5, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_600_000, '1 h 00'],
  [6_840_000, '1 h 54'],
  [86_400_000, '1 d'],
  [100_800_000, '1 d 4 h'],
  [2_592_000_000, '30 d'],
  [Infinity, 'never'],
  [NaN, '?'],
])('%s ms are %s', (ms, text) => {
  expect(spanText(ms)).toBe(text)
})

it.each([
  [640, '640 B'],
  [1240, '1.2 kB'],
  [999_999, '1.0 MB'],
])('%i bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})

it('groups digits and tells times', () => {
  expect(countText(1284)).toBe('1\u00a0284')
  expect(countText(1_000_000)).toBe('1\u00a0000\u00a0000')
  expect(timeText(0)).toBe('1970-01-01T00:00:00.000Z')
  expect([timeText(Infinity), timeText(NaN)]).toEqual(['never', 'unknown'])
})
