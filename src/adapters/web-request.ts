import type { Incoming } from '../core/transport.ts'

/** What of a web-standard request is looked at. */
export function incoming({ headers, method, url }: Request): Incoming {
  return { headers, method, url, secure: url.startsWith('https:') }
}
