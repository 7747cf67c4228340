import type { ServerResponse } from 'node:http'
import connect from 'connect'
import type express from 'express'
import type { NextFunction, Request, Response } from 'express'
import { session } from '../../src/express.ts'
import { errorAnswer, listen, send, type Serve } from './kit.ts'

/** Express 4 and 5, with the framework's own words for an answer. */
export function expressServe(framework: typeof express): Serve {
  return (options, app) => {
    const server = framework()
    server.use(session(options))
    server.use((req: Request, res: Response, next: NextFunction) => {
      Promise.resolve()
        .then(() => app(req.session, new URL(req.originalUrl, 'http://localhost')))
        .then(({ status = 200, headers = {}, location, body = null }) => {
          res.set(headers)
          if (location === undefined) res.status(status).json(body)
          else res.redirect(location)
        })
        .catch(next)
    })
    server.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
      const { status = 500, body } = errorAnswer(error)
      res.status(status).json(body)
    })
    return listen(server)
  }
}

export const connectServe: Serve = (options, app) => {
  const server = connect()
  const sessions = session(options)
  server.use(sessions)
  server.use((req, res, next) => {
    const url = new URL(req.originalUrl ?? '/', 'http://localhost')
    Promise.resolve()
      .then(() => app(sessions.of(req), url))
      .then((answer) => send(res, answer))
      .catch(next)
  })
  server.use(
    (
      error: unknown,
      _req: connect.IncomingMessage,
      res: ServerResponse,
      _next: connect.NextFunction,
    ) => send(res, errorAnswer(error)),
  )
  return listen(server)
}
