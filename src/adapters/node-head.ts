import { validateHeaderValue, type ServerResponse } from 'node:http'
import type { Header } from '../core/transport.ts'
import { ABOUT_THE_ANSWER, mergedHeader } from './headers.ts'

/** Merges a session's headers into what the app said. */
export function addHeaders(res: ServerResponse, headers: readonly Header[]): void {
  for (const [name, value] of headers) {
    const said = res.getHeader(name)
    const lines = said === undefined ? [value] : mergedHeader(name, linesOf(said), value)
    res.setHeader(name, lines.length === 1 ? (lines[0] as string) : lines)
  }
}

/** Makes room for another answer. Its status is 500, so that not even a careless error handler sends a 2xx. */
export function clearAnswer(res: ServerResponse): void {
  for (const name of ABOUT_THE_ANSWER) if (res.hasHeader(name)) res.removeHeader(name)
  res.statusCode = 500
  res.statusMessage = ''
}

/** Takes over what `writeHead` was given, in all its forms, as Node does. */
export function takeHead(res: ServerResponse, [status, second, third]: readonly unknown[]): void {
  const code = Number(status) | 0
  if (code < 100 || code > 999) {
    const error = new RangeError(`Invalid status code: ${String(status)}`)
    throw Object.assign(error, { code: 'ERR_HTTP_INVALID_STATUS_CODE' })
  }
  res.statusCode = code
  if (typeof second === 'string') {
    validateHeaderValue('statusMessage', second)
    res.statusMessage = second
  }
  const headers = typeof second === 'string' ? third : (third ?? second)
  if (Array.isArray(headers)) takeList(res, headers)
  else
    for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value as string)
}

/** `['name', 'value', ...]` or `[['name', 'value'], ...]`: a name may come more than once. */
function takeList(res: ServerResponse, list: readonly unknown[]): void {
  const pairs = Array.isArray(list[0])
    ? (list as readonly [string, string][])
    : list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1]] as [string, string]] : []))
  for (const [name] of pairs) res.removeHeader(name)
  for (const [name, value] of pairs) res.appendHeader(name, value)
}

/** How a response looks once its head is sent. */
export const HEAD_IS_SENT: Readonly<Record<string, unknown>> = {
  headersSent: true,
  writableEnded: false,
  setHeader: refuseHeader,
  setHeaders: refuseHeader,
  appendHeader: refuseHeader,
  removeHeader: refuseHeader,
}

/** What Node throws when headers come too late. */
export function headersSent(action: 'set' | 'write'): Error {
  const error = new Error(`Cannot ${action} headers after they are sent to the client`)
  return Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' })
}

function linesOf(value: number | string | string[]): readonly string[] {
  return Array.isArray(value) ? value : [String(value)]
}

function refuseHeader(): never {
  throw headersSent('set')
}
