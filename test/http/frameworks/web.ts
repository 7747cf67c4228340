import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { withSession } from '../../../src/web.ts'
import { errorAnswer, isEmpty, listen, type Answer, type Serve } from '../kit.ts'

/** A platform for the web adapter, on Node. What the adapter knows of TLS is the address that it is given. */
export const webServe: Serve = (options, app, { trustProxy, compress, late } = {}) => {
  const handle = withSession(options)(async (request, session) => {
    const noHints = (): never => {
      throw new Error('a handler has one Response to give')
    }
    const response = toResponse(await app(session, new URL(request.url), noHints))
    if (!late) return response
    for (const [name, value] of Object.entries(late(session))) response.headers.set(name, value)
    return response
  })
  return listen((req, res) => {
    const request = toRequest(req)
    void handle(trustProxy ? forwarded(request) : request)
      .catch((error: unknown) => toResponse(errorAnswer(error)))
      .then((response) => send(res, compress ? compressed(response) : response))
  })
}

/** The request as it was when the proxy got it. */
export function forwarded(request: Request): Request {
  if (request.headers.get('x-forwarded-proto') !== 'https') return request
  return new Request(request.url.replace(/^http:/, 'https:'), request)
}

/** The pieces of a body, as the web has them. */
export function bodyOf(stream: AsyncIterable<string>): ReadableStream<Uint8Array> {
  return Readable.toWeb(Readable.from(stream)).pipeThrough<Uint8Array>(
    new TextEncoderStream() as never,
  )
}

function toRequest(req: IncomingMessage): Request {
  const headers = new Headers()
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    headers.append(req.rawHeaders[at] as string, req.rawHeaders[at + 1] as string)
  }
  return new Request(`http://localhost${req.url}`, { method: req.method ?? 'GET', headers })
}

function toResponse(answer: Answer): Response {
  const { status = 200, headers = {}, location, stream, body = null } = answer
  if (location !== undefined) {
    if (Object.keys(headers).length === 0)
      return Response.redirect(new URL(location, 'http://localhost'), 302)
    return new Response(null, { status: 302, headers: headersOf({ ...headers, location }) })
  }
  const init = { status, headers: headersOf(headers) }
  if (stream) return new Response(bodyOf(stream), init)
  return isEmpty(answer) ? new Response(null, init) : Response.json(body, init)
}

function headersOf(headers: Record<string, string | string[]>): Headers {
  const list = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    for (const line of [value].flat()) list.append(name, line)
  }
  return list
}

function compressed(response: Response): Response {
  const headers = new Headers(response.headers)
  headers.set('content-encoding', 'gzip')
  const body = response.body?.pipeThrough(new CompressionStream('gzip')) ?? null
  return new Response(body, { status: response.status, headers })
}

function send(res: ServerResponse, { status, headers, body }: Response): void {
  res.statusCode = status
  res.setHeaders(headers)
  if (body) Readable.fromWeb(body as never).pipe(res)
  else res.end()
}
