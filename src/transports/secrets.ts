import { VitrineError } from '../core/errors.ts'

/** What keys are made of, newest first: the first one makes tickets, all of them accept tickets. */
export type Secrets = readonly (string | Uint8Array)[]

/** A WebCrypto key; it cannot be read back. */
export type Key = Awaited<ReturnType<typeof crypto.subtle.deriveKey>>

/** The keys for one purpose, newest first. */
export type Keyring = (purpose: string) => Promise<readonly Key[]>

/** Less than this can be tried out (OWASP: at least the strength of the key it makes). */
const MIN_BYTES = 32

/** An app uses a few cookie names; a bound keeps a name that varies per request from filling the memory. */
const MAX_PURPOSES = 100

/** One short text over and over. */
const REPEATED = /^(.{1,16}?)\1+.{0,15}$/s
const PLACEHOLDER =
  /change.?(?:me|it|this)|replace.?(?:me|this)|your.{0,12}(?:secret|key)|password|pass.?phrase|keyboard.?cat|(?:at.?least|min).{0,12}\d\d|example|placeholder|default|(?:my|the|top|super|some|dev|session|cookie).?secret/i

const USAGES = { HMAC: ['sign', 'verify'], 'AES-GCM': ['encrypt', 'decrypt'] } as const

const encoder = new TextEncoder()

/**
 * Derives the keys for each purpose, once: HKDF with SHA-256 (RFC 5869). So a ticket made for one purpose
 * is nothing under another, though the secrets are the same.
 * @param label what the keys are for; stands before the purpose
 * @param algorithm of the derived keys
 * @throws VitrineError `CONFIG` for no secret, a short one or a well-known one
 */
export function keyring(
  secrets: Secrets,
  label: string,
  algorithm: { readonly name: 'AES-GCM' | 'HMAC'; readonly length: 256; readonly hash?: 'SHA-256' },
): Keyring {
  const materials = checked(secrets)
  const rings = new Map<string, ReturnType<Keyring>>()

  async function derive(material: Uint8Array<ArrayBuffer>, purpose: string): Promise<Key> {
    const secret = await crypto.subtle.importKey('raw', material, 'HKDF', false, ['deriveKey'])
    const info = encoder.encode(`${label} ${purpose}`)
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
    return crypto.subtle.deriveKey(hkdf, secret, algorithm, false, [...USAGES[algorithm.name]])
  }

  return (purpose) => {
    const known = rings.get(purpose)
    if (known) return known
    if (rings.size >= MAX_PURPOSES) rings.clear()
    const ring = Promise.all(materials.map((material) => derive(material, purpose)))
    rings.set(purpose, ring)
    return ring
  }
}

function checked(secrets: Secrets): Uint8Array<ArrayBuffer>[] {
  if (!Array.isArray(secrets) || secrets.length === 0) {
    throw refused('secrets', 'it must be a list of one or more')
  }
  return Array.from(secrets as Secrets, (secret, index) => {
    const which = `secrets[${index}]`
    if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) {
      throw refused(which, 'it must be a string or a Uint8Array')
    }
    const bytes = typeof secret === 'string' ? encoder.encode(secret) : Uint8Array.from(secret)
    if (bytes.length < MIN_BYTES) {
      throw refused(which, `it has ${bytes.length} bytes and needs ${MIN_BYTES} or more`)
    }
    const text = String.fromCharCode(...bytes.subarray(0, 1024))
    if (REPEATED.test(text) || PLACEHOLDER.test(text)) {
      throw refused(which, 'it can be guessed')
    }
    return bytes
  })
}

function refused(which: string, why: string): VitrineError {
  return new VitrineError(
    'CONFIG',
    `Cannot use ${which}: ${why}; make one with "openssl rand -base64 32"`,
  )
}
