import compression from 'compression'
import type framework from 'express'
import type { NextFunction, Request, Response } from 'express'
import { Readable } from 'node:stream'
import { session } from '../../../src/express.ts'
import { errorAnswer, isEmpty, listen, type Answer, type Serve } from '../kit.ts'
import { beforeHead } from './node.ts'

/** Express 4 and 5, with the framework's own words for an answer. */
export function expressServe(create: typeof framework): Serve {
  return (options, app, { trustProxy = false, compress = false, late } = {}) => {
    const server = create().set('trust proxy', trustProxy)
    server.use(session(options))
    if (compress) server.use(compression({ threshold: 0 }))
    server.use((req: Request, res: Response, next: NextFunction) => {
      if (late) beforeHead(res, () => res.set(late(req.session)))
      Promise.resolve(new URL(req.originalUrl, 'http://localhost'))
        .then((url) => app(req.session, url, (link) => res.writeEarlyHints({ link })))
        .then((answer) => say(res, answer))
        .catch(next)
    })
    server.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
      say(res, errorAnswer(error))
    })
    return listen(server)
  }
}

function say(res: Response, answer: Answer): void {
  const { status = 200, headers = {}, location, stream, body = null } = answer
  res.set(headers)
  if (location !== undefined) return res.redirect(location)
  res.status(status)
  if (stream) Readable.from(stream).pipe(res)
  else if (isEmpty(answer)) res.end()
  else res.json(body)
}
