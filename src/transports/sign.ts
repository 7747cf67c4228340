import { decode, encode } from 'jose/base64url'
import { setNewest } from '../core/bounded.ts'
import { keyring, type Key, type Secrets } from './secrets.ts'

/** Signs ids, so that a made-up ticket is known as one without asking the store. */
export interface Signer {
  /**
   * @param id what the ticket shall carry
   * @param purpose what the ticket is bound to (the cookie's name): it verifies for no other
   * @returns the ticket: the id, a dot and its HMAC-SHA256 as base64url
   */
  sign(id: string, purpose: string): Promise<string>
  /** @returns the id, or `null`: not signed, or not by one of the secrets, or for another purpose */
  verify(ticket: string, purpose: string): string | null | Promise<string | null>
}

/** 32 bytes as base64url: 43 characters, and the last one has no stray bits (one MAC, one text form). */
const SIGNED = /^([\w.~-]+)\.([\w-]{42}[AEIMQUYcgkosw048])$/

const encoder = new TextEncoder()

/** A ticket that verified once verifies for ever: so many are remembered, which spares most requests the HMAC. */
const MAX_REMEMBERED = 10_000

/**
 * Makes a signer. The comparison takes the same time wherever two MACs differ.
 * @param secrets 32 bytes or more each, newest first: the first signs, all verify
 * @throws VitrineError `CONFIG` for no secret, a short one or a well-known one
 */
export function signer(secrets: Secrets): Signer {
  const keys = keyring(secrets, 'vitrine signed ticket', {
    name: 'HMAC',
    hash: 'SHA-256',
    length: 256,
  })

  const verified = new Map<string, { readonly id: string; readonly purpose: string }>()

  async function check(ticket: string, purpose: string): Promise<string | null> {
    const [, id, mac] = SIGNED.exec(ticket) ?? []
    if (id === undefined || mac === undefined) return null
    const bytes = encoder.encode(id)
    const signature = Uint8Array.from(decode(mac))
    for (const key of await keys(purpose)) {
      if (await crypto.subtle.verify('HMAC', key, signature, bytes)) return id
    }
    return null
  }

  return {
    async sign(id, purpose) {
      const newest = (await keys(purpose))[0] as Key
      const mac = await crypto.subtle.sign('HMAC', newest, encoder.encode(id))
      return `${id}.${encode(new Uint8Array(mac))}`
    },

    verify(ticket, purpose) {
      const known = verified.get(ticket)
      if (known?.purpose === purpose) return known.id
      return check(ticket, purpose).then((id) => {
        if (id !== null) setNewest(verified, ticket, { id, purpose }, MAX_REMEMBERED)
        return id
      })
    },
  }
}
