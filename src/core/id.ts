const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

// One case only, so that two ids never meet in one file on a disk that folds case; no dot, no leading dash.
const GRAMMAR = /^[a-z0-9][a-z0-9_-]{15,127}$/

/**
 * Makes a session id: 160 bits from the system's CSPRNG as 32 characters of lower-case base32 (RFC 4648).
 * There is no fallback: without `crypto.getRandomValues` it throws.
 */
export function createId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20))
  let id = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      id += ALPHABET[(held >>> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return id
}

/**
 * Tells whether a value is a well-formed session id: 16 to 128 characters of `a-z`, `0-9`, `_` and `-`,
 * beginning with a letter or a digit. Anything else never reaches a store.
 */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && GRAMMAR.test(value)
}
