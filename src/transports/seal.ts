import { encode } from 'jose/base64url'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import { biggestKeys, isPlainObject } from '../core/data.ts'
import { VitrineError } from '../core/errors.ts'
import { ownPolicy } from '../core/policy.ts'
import type { SealedRecord, Sealer } from '../core/store.ts'
import { sealMemory } from './seal-memory.ts'
import { keyring, type Key, type Secrets } from './secrets.ts'

/** What can be set. */
export interface SealedCookieOptions {
  /** 32 bytes or more each, newest first: the first seals, all open. */
  readonly secrets: Secrets
}

/** What browsers keep of a cookie's name and value (RFC 6265bis, 5.6). */
const MAX_BYTES = 4096
/** The content is padded to a multiple of this many bytes, so that the length tells little. */
const BLOCK = 64

// The algorithms are ours to choose, never the ticket's: it must begin with this header, to the letter.
const HEADER = { alg: 'dir', enc: 'A256GCM' } as const
const PREFIX = `${encode(JSON.stringify(HEADER))}..`
const PINNED = {
  keyManagementAlgorithms: [HEADER.alg],
  contentEncryptionAlgorithms: [HEADER.enc],
}

/** What follows the header: the nonce, the content and the tag. */
const REST = /^[\w-]{16}\.([\w-]+)\.[\w-]{21}[AQgw]$/
/** What base64 may end with when so many characters are over four: the bits that are to spare are zero. */
const ENDS = ['', '', 'AQgw', 'AEIMQUYcgkosw048']

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Lets the client carry the whole session, sealed as a compact JWE (RFC 7516, AES-256-GCM). Nothing is kept on
 * the server: of two parallel requests the later response wins, and a copied ticket stays good until it expires.
 * What the last thousand tickets hold is remembered, to spare opening them again.
 * @param options the secrets; a key for each purpose is derived from them
 * @throws VitrineError `CONFIG` for no secret, a short one or a well-known one
 */
export function sealedCookie(options: SealedCookieOptions): Sealer {
  const keys = keyring(options.secrets, 'vitrine sealed cookie', { name: 'AES-GCM', length: 256 })
  const memory = sealMemory(read)

  return {
    async seal(record, purpose) {
      const newest = (await keys(purpose))[0] as Key
      const content = write(record)
      const ticket = await new CompactEncrypt(padded(content))
        .setProtectedHeader(HEADER)
        .encrypt(newest)
      const length = `__Host-${purpose}=`.length + ticket.length
      if (length > MAX_BYTES) throw tooLarge(record, length)
      memory.remember(ticket, purpose, content)
      return ticket
    },

    async unseal(ticket, purpose) {
      if (typeof ticket !== 'string') return null
      const known = memory.recall(ticket, purpose)
      if (known !== undefined) return known
      if (!isCanonical(ticket)) return null
      for (const key of await keys(purpose)) {
        try {
          const content = decoder.decode((await compactDecrypt(ticket, key, PINNED)).plaintext)
          const record = read(content)
          memory.remember(ticket, purpose, content)
          return record
        } catch {
          // not sealed with this key
        }
      }
      return null
    },
  }
}

/** One sealed record has one text form: no other base64 tails, nothing appended. */
function isCanonical(ticket: string): boolean {
  if (ticket.length > MAX_BYTES || !ticket.startsWith(PREFIX)) return false
  const [, content] = REST.exec(ticket.slice(PREFIX.length)) ?? []
  if (content === undefined) return false
  const over = content.length % 4
  return over === 0 || (ENDS[over] as string).includes(content.at(-1) as string)
}

function write(record: SealedRecord): string {
  const { id, createdAt, expiresAt, revision, data, flash, idle, lifetime, retired } = record
  return JSON.stringify({
    id,
    created: createdAt,
    expires: timeOut(expiresAt),
    revision,
    data,
    flash,
    idle: timeOut(idle),
    lifetime: timeOut(lifetime),
    retired,
  })
}

function padded(content: string): Uint8Array {
  const bytes = encoder.encode(content)
  const whole = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK).fill(0x20)
  whole.set(bytes)
  return whole
}

/** Whatever is not exactly a record is none: there is no second way to read it. */
function read(content: string): SealedRecord | null {
  const record: unknown = JSON.parse(content)
  if (!isPlainObject(record)) return null
  const { id, created, revision, data, flash, retired } = record
  const expires = timeIn(record['expires'])
  const idle = timeIn(record['idle'])
  const lifetime = timeIn(record['lifetime'])
  const fits =
    typeof id === 'string' &&
    typeof created === 'number' &&
    typeof expires === 'number' &&
    typeof revision === 'number' &&
    isPlainObject(data) &&
    (flash === undefined || isPlainObject(flash)) &&
    idle !== null &&
    lifetime !== null &&
    (retired === undefined || retired === true)
  if (!fits) return null
  return {
    id,
    data,
    createdAt: created,
    expiresAt: expires,
    revision,
    ...(flash !== undefined && { flash }),
    ...ownPolicy({ idle, lifetime }),
    ...(retired !== undefined && { retired }),
  }
}

/** JSON has no Infinity. */
function timeOut(time: number | undefined): number | 'never' | undefined {
  return time === Infinity ? 'never' : time
}

/** @returns `undefined` when there is none, `null` when it is not a time */
function timeIn(time: unknown): number | undefined | null {
  if (time === 'never') return Infinity
  return time === undefined || typeof time === 'number' ? time : null
}

function tooLarge({ data, flash }: SealedRecord, length: number): VitrineError {
  const biggest = biggestKeys(flash ? { ...data, flash } : data)
  return new VitrineError(
    'TOO_LARGE',
    `Cannot seal the session: its cookie would have ${length} bytes and browsers keep ${MAX_BYTES}; store less (biggest: ${biggest}) or use a store on the server`,
  )
}
