import compression from 'compression'
import framework from 'connect'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { session, type SessionMiddleware } from '../../../src/express.ts'
import { errorAnswer, listen, send, type App, type Serve, type Setup } from '../kit.ts'

export const connectServe: Serve = (options, app, setup = {}) => {
  const server = framework()
  const sessions = session(options)
  server.use(sessions)
  if (setup.compress) server.use(compression({ threshold: 0 }) as framework.NextHandleFunction)
  server.use((req, res, next) => {
    answer(sessions, app, setup, req, res).catch(next)
  })
  server.use(
    (
      error: unknown,
      _req: framework.IncomingMessage,
      res: ServerResponse,
      _next: framework.NextFunction,
    ) => send(res, errorAnswer(error)),
  )
  return listen(server)
}

export const nodeServe: Serve = (options, app, setup = {}) => {
  const sessions = session(options)
  const compress = setup.compress ? compression({ threshold: 0 }) : undefined
  return listen((req, res) =>
    sessions(req, res, (error) => {
      if (error) return send(res, errorAnswer(error))
      const go = (): void => {
        answer(sessions, app, setup, req, res).catch((thrown: unknown) =>
          send(res, errorAnswer(thrown)),
        )
      }
      if (compress) compress(req as never, res as never, go)
      else go()
    }),
  )
}

async function answer(
  sessions: SessionMiddleware,
  app: App,
  { late }: Setup,
  req: IncomingMessage & { originalUrl?: string | undefined },
  res: ServerResponse,
): Promise<void> {
  const session = sessions.of(req)
  const url = new URL(req.originalUrl ?? req.url ?? '/', 'http://localhost')
  if (late) beforeHead(res, () => res.setHeaders(new Map(Object.entries(late(session)))))
  send(res, await app(session, url, (link) => res.writeEarlyHints({ link })))
}

/** Calls a hook when the head is about to be sent, as the package `on-headers` does. */
export function beforeHead(res: ServerResponse, hook: () => unknown): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse
  let asked = false
  res.writeHead = (...args: unknown[]) => {
    if (!asked) hook()
    asked = true
    return writeHead(...args)
  }
}
