import { afterEach, describe, expect, it, vi } from 'vitest'
import { createId, isId } from './id.ts'

afterEach(() => vi.unstubAllGlobals())

describe('an id', () => {
  it('is 32 characters of lower-case base32, all of them from the CSPRNG', () => {
    expect(createId()).toMatch(/^[a-z2-7]{32}$/)
    const fill = (byte: number) =>
      vi.stubGlobal('crypto', { getRandomValues: (bytes: Uint8Array) => bytes.fill(byte) })
    fill(0)
    expect(createId()).toBe('a'.repeat(32))
    fill(255)
    expect(createId()).toBe('7'.repeat(32))
  })

  it('is base32 as RFC 4648 has it', () => {
    const bytes = new TextEncoder().encode('foobarfoobarfoobarfo')
    vi.stubGlobal('crypto', {
      getRandomValues: (target: Uint8Array) => (target.set(bytes), target),
    })
    expect(createId()).toBe('mzxw6ytbojtg633cmfzgm33pmjqxeztp')
  })

  it('is not made without a CSPRNG', () => {
    vi.stubGlobal('crypto', undefined)
    expect(() => createId()).toThrow()
  })

  it('does not repeat, and every character is about equally frequent at every position', () => {
    const count = 20_000
    const ids = Array.from({ length: count }, createId)
    expect(new Set(ids).size).toBe(count)
    for (let at = 0; at < 32; at++) {
      const seen = new Map<string, number>()
      for (const id of ids) seen.set(id[at] as string, (seen.get(id[at] as string) ?? 0) + 1)
      expect(seen.size).toBe(32)
      // chi squared with 31 degrees of freedom: beyond 90 has a probability of 1e-7
      const mean = count / 32
      const chi2 = [...seen.values()].reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0)
      expect(chi2).toBeLessThan(90)
    }
  })
})

describe('the id grammar', () => {
  const good = createId()

  it.each([good, '0123456789abcdef', 'f47ac10b-58cc-4372-a567-0e02b2c3d479', 'a'.repeat(128)])(
    'takes %s',
    (id) => expect(isId(id)).toBe(true),
  )

  it.each([
    '',
    'short',
    'a'.repeat(15),
    'a'.repeat(129),
    'a'.repeat(5000),
    `${good}\n`,
    `${good}\r`,
    `${good}\0`,
    ` ${good}`,
    `${good} `,
    good.toUpperCase(),
    `../${good}`,
    `..\\${good}`,
    `/${good}`,
    `${good}/x`,
    `${good}.json`,
    `.${good}`,
    `-${good}`,
    `_${good}`,
    `%2e%2e%2f${good}`,
    `con.aaaaaaaaaaaaaaaa`,
    '０１２３４５６７８９０１２３４５',
    'aaaaaaaaaaaaaaaé',
    'aaaaaaaaaaaaaaa\u0301',
    `${good.slice(1)}\ud800`,
    [good],
    { toString: () => good },
    new String(good),
    12345678901234567890,
    null,
    undefined,
    true,
  ])('refuses %j', (id) => expect(isId(id)).toBe(false))
})
