import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cookieSettings, type CookieOptions } from './cookie-settings.ts'

const CONFIG = expect.objectContaining({ code: 'CONFIG' }) as Error

/** Options as JavaScript may hand them over. */
function options(value: unknown): CookieOptions {
  return value as CookieOptions
}

describe('cookie options', () => {
  it.each([
    [{ sameSite: 'none', secure: false }],
    [{ partitioned: true, secure: false }],
    [{ name: '__Host-id', secure: false }],
    [{ name: '__Secure-id', secure: false }],
    [{ name: '__SECURE-id', secure: false }],
    [{ name: '__Host-id', domain: 'example.com' }],
    [{ name: '__host-id', domain: 'example.com' }],
    [{ name: '__Host-id', path: '/app' }],
    [{ name: '' }],
    [{ name: 'my id' }],
    [{ name: 'id=' }],
    [{ name: 'id;' }],
    [{ name: 'id,' }],
    [{ name: '"id"' }],
    [{ name: 'id\r\nSet-Cookie: a' }],
    [{ name: 'id\u0000' }],
    [{ name: 'ключ' }],
    [{ name: 'n'.repeat(257) }],
    [{ name: null }],
    [{ name: 5 }],
    [{ name: ['id'] }],
    [{ path: '' }],
    [{ path: 'app' }],
    [{ path: '/a;b' }],
    [{ path: '/a,b' }],
    [{ path: '/a\r\nx' }],
    [{ path: '/ä' }],
    [{ path: `/${'a'.repeat(1024)}` }],
    [{ path: null }],
    [{ domain: '' }],
    [{ domain: 'exa mple.com' }],
    [{ domain: 'example.com; Path=/' }],
    [{ domain: 'example.com\r\n' }],
    [{ domain: '-example.com' }],
    [{ domain: 'example..com' }],
    [{ domain: 'example.com.' }],
    [{ domain: 'https://example.com' }],
    [{ domain: 'example.com:3000' }],
    [{ domain: `${'a'.repeat(250)}.example` }],
    [{ domain: null }],
    [{ sameSite: 'Lax' }],
    [{ sameSite: true }],
    [{ sameSite: '' }],
    [{ secure: 'yes' }],
    [{ secure: 1 }],
    [{ priority: 'High' }],
    [{ priority: 'urgent' }],
  ])('%j is refused', (value) => {
    expect(() => cookieSettings(options(value))).toThrow(CONFIG)
  })

  it.each([
    [{}],
    [{ name: 'dancer.session' }],
    [{ name: "!#$%&'*+-.^_`|~0aZ" }],
    [{ name: '__Host-id' }],
    [{ name: '__Secure-id', domain: 'example.com', path: '/app' }],
    [{ sameSite: 'none' }],
    [{ sameSite: 'none', secure: true }],
    [{ partitioned: true }],
    [{ domain: 'example.com' }],
    [{ domain: '.example.com' }],
    [{ domain: 'localhost' }],
    [{ path: '/a/b c' }],
    [{ priority: 'high', sameSite: 'strict', secure: false, httpOnly: false, persistent: false }],
  ])('%j is taken', (value) => {
    expect(() => cookieSettings(options(value))).not.toThrow()
  })

  it('no byte that ends a cookie or a header gets through in any option', () => {
    for (let code = 0; code < 256; code++) {
      const char = String.fromCharCode(code)
      const harmful = code < 0x20 || code >= 0x7f || char === ';' || char === ','
      for (const name of ['name', 'path', 'domain'] as const) {
        const value = { name: `a${char}b`, path: `/a${char}b`, domain: `a${char}b` }[name]
        if (harmful) expect(() => cookieSettings({ [name]: value })).toThrow(CONFIG)
      }
    }
  })

  it('whatever is taken makes a header that is one line', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 })
    fc.assert(
      fc.property(
        fc.record({ name: text, path: text, domain: text }, { requiredKeys: [] }),
        (value) => {
          try {
            const { name, attributes } = cookieSettings(value)
            expect(`${name}${attributes.path}${attributes.domain ?? ''}`).toMatch(/^[\x20-\x7e]+$/)
          } catch (error) {
            expect(error).toEqual(CONFIG)
          }
        },
      ),
    )
  })

  it('a refusal names the option', () => {
    expect(() => cookieSettings({ path: 'app' })).toThrow(/cookie option path: it must begin with/)
  })
})
