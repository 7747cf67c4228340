import type { Header } from '../core/transport.ts'
import { mergedHeader } from './headers.ts'

/** Not: an error of the server, `Response.error()` (status 0), a switch of protocols (101). */
export function isAnswer({ status }: Response): boolean {
  return status >= 200 && status < 500
}

/**
 * Merges a session's headers into a response. What carries more than `Vary` is always a response of our own: the app's may
 * be shared by requests, and a cookie is for one of them. Making one costs as much as the rest of the request.
 */
export function withHeaders(response: Response, added: readonly Header[]): Response {
  if (added.length === 0) return response
  if (added.every(([name]) => name === 'vary') && canTake(response, added)) return response
  const { status, statusText } = response
  const headers = new Headers(response.headers)
  merge(headers, added)
  return new Response(response.body, { status, statusText, headers })
}

/** `Response.redirect` and `fetch` make responses that nobody may change. */
function canTake({ headers }: Response, added: readonly Header[]): boolean {
  try {
    merge(headers, added)
    return true
  } catch {
    return false
  }
}

function merge(headers: Headers, added: readonly Header[]): void {
  for (const [name, value] of added) {
    const said = name === 'set-cookie' ? headers.getSetCookie() : linesOf(headers.get(name))
    headers.delete(name)
    for (const line of mergedHeader(name, said, value)) headers.append(name, line)
  }
}

/** Lets go of the body of a response that is not given out. A locked body is its holder's affair. */
export function discard(response: Response, reason: unknown): void {
  response.body?.cancel(reason).catch(() => undefined)
}

function linesOf(value: string | null): readonly string[] {
  return value === null ? [] : [value]
}
