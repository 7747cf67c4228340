import { Readable } from 'node:stream'
import { withSession } from '../../src/web.ts'
import { behaviours } from './behaviours.ts'
import { errorAnswer, listen, type Answer } from './kit.ts'

behaviours('web', (options, app) => {
  const handle = withSession(options)(async (request, session) =>
    toResponse(await app(session, new URL(request.url))),
  )
  return listen((req, res) => {
    const headers = new Headers()
    for (let at = 0; at < req.rawHeaders.length; at += 2) {
      headers.append(req.rawHeaders[at] as string, req.rawHeaders[at + 1] as string)
    }
    handle(new Request(`http://localhost${req.url}`, { method: req.method ?? 'GET', headers }))
      .catch((error: unknown) => toResponse(errorAnswer(error)))
      .then(({ status, headers, body }) => {
        res.statusCode = status
        res.setHeaders(headers)
        if (body) Readable.fromWeb(body as never).pipe(res)
        else res.end()
      })
  })
})

function toResponse({ status = 200, headers = {}, location, body = null }: Answer): Response {
  if (location !== undefined) {
    if (Object.keys(headers).length === 0)
      return Response.redirect(new URL(location, 'http://localhost'), 302)
    return new Response(null, { status: 302, headers: headersOf({ ...headers, location }) })
  }
  return Response.json(body, { status, headers: headersOf(headers) })
}

function headersOf(headers: Record<string, string | string[]>): Headers {
  const list = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    for (const line of [value].flat()) list.append(name, line)
  }
  return list
}
