import { describe, expect, it } from 'vitest'
import { VitrineError } from '../core/errors.ts'
import { keyring, type Secrets } from './secrets.ts'

const GOOD = 'lQ2mVw8rTz5yXc1nBk7jHd4gFs9aPe6u'

function ring(secrets: unknown): ReturnType<typeof keyring> {
  return keyring(secrets as Secrets, 'test', { name: 'AES-GCM', length: 256 })
}

describe('secrets', () => {
  it.each([
    ['nothing', undefined],
    ['an empty list', []],
    ['a bare string', GOOD],
    ['an empty text', ['']],
    ['31 bytes', ['lQ2mVw8rTz5yXc1nBk7jHd4gFs9aPe6']],
    ['31 bytes that are not text', [crypto.getRandomValues(new Uint8Array(31))]],
    ['a number', [12_345_678_901_234_567_890]],
    ['undefined in a list', [undefined]],
    ['a short one behind a good one', [GOOD, 'short']],
    ['zeros', [new Uint8Array(32)]],
    ['one character', ['x'.repeat(64)]],
    ['one word over and over', ['changeme'.repeat(4)]],
    ['a run of digits over and over', ['0123456789abcdef0123456789abcdef']],
    ['a pattern that does not come out even', ['secretive'.repeat(4).slice(0, 34)]],
    ['the secret of an example', ['complex_password_at_least_32_characters_long']],
    ['another secret of an example', ['your-super-secret-key-goes-right-here']],
    ['the cat', ['the keyboard cat sat on my keyboard.']],
  ])('%s is refused', (_, secrets) => {
    expect(() => ring(secrets)).toThrow(VitrineError)
    expect(() => ring(secrets)).toThrow(expect.objectContaining({ code: 'CONFIG' }))
  })

  it('a refusal says which secret and why, and not what it is', () => {
    expect(() => ring([GOOD, 'tooshort'])).toThrow(/secrets\[1\].* 8 bytes and needs 32/)
    expect(() => ring([GOOD, 'tooshort'])).not.toThrow(/tooshort/)
  })

  it('text and bytes of 32 and more are taken', async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(32))
    expect(await ring([GOOD, bytes, 'Жучок-ключик-9-Щётка'])('id')).toHaveLength(3)
  })

  it('random secrets are never taken for well-known ones', () => {
    for (let round = 0; round < 500; round++) {
      const bytes = crypto.getRandomValues(new Uint8Array(32))
      const hex = Buffer.from(bytes).toString('hex')
      const digits = Array.from(bytes, (byte) => byte % 10).join('')
      expect(() => ring([bytes, hex, hex.slice(0, 32), digits, btoa(hex)])).not.toThrow()
    }
  })

  it('keys are derived once for each purpose', async () => {
    const keys = ring([GOOD])
    expect(keys('one')).toBe(keys('one'))
    expect((await keys('one'))[0]).not.toBe((await keys('two'))[0])
  })

  it('purposes that vary without end do not fill the memory', async () => {
    const keys = ring([GOOD])
    const first = keys('0')
    for (let purpose = 1; purpose <= 100; purpose++) await keys(String(purpose))
    expect(keys('0')).not.toBe(first)
  })

  it('keys cannot be read back', async () => {
    const [key] = await ring([GOOD])('id')
    expect(key?.extractable).toBe(false)
  })

  it('a list that is changed afterwards changes nothing', async () => {
    const bytes = new TextEncoder().encode(GOOD)
    const iv = new Uint8Array(12)
    const changed = ring([bytes])
    bytes.fill(7)
    const [key] = await changed('id')
    const [same] = await ring([GOOD])('id')
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key as never, bytes)
    const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, same as never, sealed)
    expect(new Uint8Array(opened)).toEqual(bytes)
  })
})
