import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { dancerSeconds } from './dancer-expires.ts'

const TABLE = new URL('../../test/fixtures/dancer/http/set-cookie.tsv', import.meta.url)

/** What a real Dancer made of each text: the seconds between the request and the expiry, or the text itself. */
const observed = readFileSync(TABLE, 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [setting, second, header] = line.split('\t')
    const text = /^session_expires: "?(.*?)"?$/.exec(setting ?? '')?.[1]
    const expires = /; expires=([^;]*)/.exec(header ?? '')?.[1]
    return text === undefined || expires === undefined ? [] : [{ text, second, expires }]
  })

describe('session_expires', () => {
  it('has a good number of observed texts', () => {
    expect(observed.length).toBeGreaterThanOrEqual(16)
  })

  for (const { text, second, expires } of observed) {
    it(`reads "${text}" as Dancer does`, () => {
      const seconds = dancerSeconds(text)
      if (seconds === null) {
        expect(expires).toBe(text) // Dancer sent it as it was
      } else {
        const at = Date.parse(expires.replaceAll('-', ' ')) / 1000
        // Dancer rounds; the request may have been answered in the next second
        expect(Math.abs(at - Number(second) - seconds)).toBeLessThanOrEqual(1)
      }
    })
  }

  it('reads units, chains, clocks and decimals', () => {
    const cases: [string, number | null][] = [
      ['3600', 3600],
      [' -5 ', -5],
      ['1,5', 2],
      ['1 s 1 sec 1 second 2 seconds', 5],
      ['1m', 60],
      ['1 M', 2_592_000],
      ['1 MIN', 60],
      ['2 Weeks', 1_209_600],
      ['1y', 31_536_000],
      ['1hr,and 1min', 3660],
      ['1 day - 1 hour', null],
      ['1 day -1 hour', 82_800],
      ['1:05', 3900],
      ['0:00:30', 30],
      ['1:5', null],
      ['1 H', null],
      ['1 D', null],
      ['hour', null],
      ['1 day tomorrow', null],
      ['', null],
    ]
    for (const [text, seconds] of cases) expect(dancerSeconds(text), text).toBe(seconds)
  })
})
