import { VitrineError } from '../core/errors.ts'
import type { Transport } from '../core/transport.ts'
import { MAX_CANDIDATES, valuesOf } from './cookie-header.ts'

/** `s:`, the id, a dot and its HMAC-SHA256 as base64 without padding; the last character has no stray bits. */
const SIGNED = /^s:(.+)\.([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048])$/

const encoder = new TextEncoder()

/**
 * Reads the cookie of express-session, which nobody makes here. The comparison takes the same time wherever two
 * signatures differ.
 * @param secrets any of them may have signed it
 * @returns finds the ids in a request, those alone that are signed
 * @throws VitrineError `CONFIG` for no secret
 */
export function expressSessionCookie(
  name: string,
  secrets: readonly string[],
): Transport['receive'] {
  if (secrets.length === 0 || secrets.some((secret) => typeof secret !== 'string' || !secret)) {
    throw new VitrineError(
      'CONFIG',
      'Cannot read the cookie of express-session: give the secret that signed it, as a text, or several',
    )
  }
  let keys: Promise<Key[]> | undefined

  async function verify(value: string): Promise<string | null> {
    const [, id, mac] = SIGNED.exec(decoded(value)) ?? []
    if (id === undefined || mac === undefined) return null
    const signature = Uint8Array.from(atob(mac), (char) => char.charCodeAt(0))
    for (const key of await (keys ??= Promise.all(secrets.map(keyOf)))) {
      if (await crypto.subtle.verify('HMAC', key, signature, encoder.encode(id))) return id
    }
    return null
  }

  return async (request, rejected) => {
    const ids = new Set<string>()
    const values = valuesOf(request.headers.get('cookie') ?? '', name)
    for (const value of values.slice(0, MAX_CANDIDATES)) {
      const id = await verify(value)
      if (id === null) rejected?.('forged')
      else ids.add(id)
    }
    return [...ids]
  }
}

type Key = Awaited<ReturnType<typeof keyOf>>

function keyOf(secret: string) {
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  return crypto.subtle.importKey('raw', encoder.encode(secret), hmac, false, ['verify'])
}

/** The value as it was before it was made fit for a cookie; the empty text when it is not well-formed. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return ''
  }
}
