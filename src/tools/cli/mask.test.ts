import { describe, expect, it } from 'vitest'
import { holdsMask, isRisky, isSecretKey, masked, passesLuhn } from './mask.ts'

describe('a name', () => {
  it.each([
    'password',
    'PASSWORD',
    'passwordHash',
    'password_confirmation',
    'csrf',
    'csrfToken',
    '_csrf',
    'csrftoken',
    'accessToken',
    'refresh-token',
    'accesstoken',
    'clientSecret',
    'apiKey',
    'API_KEY',
    'private key',
    'card',
    'cardNumber',
    'card_number',
    'cvv',
    'IBAN',
    'pin',
    'otp',
    'jwt',
    'Authorization',
    'user.token',
  ])('%s is a secret', (key) => {
    expect(isSecretKey(key)).toBe(true)
  })

  it.each([
    'discard',
    'cardinal',
    'pinned',
    'spinner',
    'secretary',
    'tokenize',
    'compass',
    'passport',
    'key',
    'keys',
    'cart',
    'user',
    'description',
    'postcard',
    'primaryKey',
    'shipping',
    '',
  ])('%s is none', (key) => {
    expect(isSecretKey(key)).toBe(false)
  })
})

describe('a card number', () => {
  it.each([
    ['4111111111111111', '•••• •••• •••• 1111'],
    ['4111 1111 1111 1111', '•••• •••• •••• 1111'],
    ['4111-1111-1111-1111', '•••• •••• •••• 1111'],
    ['378282246310005', '•••• •••• •••• 0005'],
    ['2223003122003222', '•••• •••• •••• 3222'],
    ['paid with 5555555555554444, thanks', 'paid with •••• •••• •••• 4444, thanks'],
    [6011111111111117, '•••• •••• •••• 1117'],
  ])('%s is hidden but for the last four', (value, shown) => {
    expect(masked({ note: value })).toEqual({ note: shown })
  })

  it.each([
    ['the check digit is wrong', '4111111111111112'],
    ['a time in milliseconds', 1763862000000],
    ['a time in microseconds', '1763862000000007'],
    ['an id of Dancer', '362221000356202810803957607324074525'],
    ['too short', '411111111'],
    ['a price', 41.11],
  ])('%s: is shown', (_, value) => {
    expect(masked({ note: value })).toEqual({ note: value })
  })

  it('has the check digit of ISO/IEC 7812', () => {
    expect(passesLuhn('79927398713')).toBe(true)
    expect(passesLuhn('79927398710')).toBe(false)
  })
})

describe('masked', () => {
  it('hides a token by its look', () => {
    const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP'
    expect(masked({ note: `Bearer ${token}` })).toEqual({ note: 'Bearer ••••••••' })
  })

  it('hides everything inside a member with the name of a secret', () => {
    const data = { tokens: { google: { a: 'x', n: 7, at: null, on: true }, list: ['y'] } }
    expect(masked(data)).toEqual({
      tokens: { google: { a: '••••••••', n: '••••••••', at: null, on: true }, list: ['••••••••'] },
    })
  })

  it('hides what stands at a path with the name of a secret', () => {
    expect(masked('hunter2', ['login', 'password'])).toBe('••••••••')
    expect(masked('hunter2', ['login', 'name'])).toBe('hunter2')
  })

  it('leaves what it was given as it was, whatever its keys', () => {
    const data = JSON.parse('{"__proto__":{"password":"x"},"constructor":"y"}') as object
    const text = JSON.stringify(data)
    expect(JSON.stringify(masked(data))).toBe(
      '{"__proto__":{"password":"••••••••"},"constructor":"y"}',
    )
    expect(JSON.stringify(data)).toBe(text)
  })

  it('always leaves a trace that a write can be refused for', () => {
    const data = { a: { password: 'x' }, card: 4111111111111111, b: ['eyJhbGciOi.eyJzdWIi.dBjf'] }
    const { a, card, b } = masked(data) as Record<string, unknown>
    for (const part of [a, { card }, { b }]) expect(holdsMask(part)).toBe(true)
    expect(holdsMask(data)).toBe(false)
  })
})

it('a session is risky when it holds a card number or a password', () => {
  expect(isRisky({ a: [{ note: '4111 1111 1111 1111' }] })).toBe(true)
  expect(isRisky({ form: { newPassword: 'x' } })).toBe(true)
  expect(isRisky({ csrfToken: 'x', cart: [1763862000000] })).toBe(false)
})
