import type { Header } from '../core/transport.ts'
import { mergedHeader } from './headers.ts'

/** Not: an error of the server, `Response.error()` (status 0), a switch of protocols (101). */
export function isAnswer({ status }: Response): boolean {
  return status >= 200 && status < 500
}

/** Merges a session's headers into a response, always one of our own: the app's may be immutable, or shared. */
export function withHeaders(response: Response, added: readonly Header[]): Response {
  if (added.length === 0) return response
  const { status, statusText } = response
  const headers = new Headers(response.headers)
  for (const [name, value] of added) {
    const said = name === 'set-cookie' ? headers.getSetCookie() : linesOf(headers.get(name))
    headers.delete(name)
    for (const line of mergedHeader(name, said, value)) headers.append(name, line)
  }
  return new Response(response.body, { status, statusText, headers })
}

/** Lets go of the body of a response that is not given out. A locked body is its holder's affair. */
export function discard(response: Response, reason: unknown): void {
  response.body?.cancel(reason).catch(() => undefined)
}

function linesOf(value: string | null): readonly string[] {
  return value === null ? [] : [value]
}
