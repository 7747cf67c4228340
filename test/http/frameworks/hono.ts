import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { compress as compressed } from 'hono/compress'
import { session } from '../../../src/hono.ts'
import { errorAnswer, isEmpty, listen, type Serve } from '../kit.ts'
import { bodyOf, forwarded } from './web.ts'

export function listenHono(app: Pick<Hono, 'fetch'>): Promise<string> {
  const answer = getRequestListener(app.fetch)
  return listen((req, res) => void answer(req, res))
}

const asItIs: MiddlewareHandler = (_c, next) => next()

export const honoServe: Serve = (options, app, { trustProxy, compress, late } = {}) => {
  const server = new Hono<{ Bindings: HttpBindings }>()
    .onError((error, c) => {
      const { status, body } = errorAnswer(error)
      return c.json(body, status as 500)
    })
    .use(compress ? compressed({ threshold: 0 }) : asItIs)
    .use(session(options))
    .use(async (c, next) => {
      await next()
      if (late) append(c, late(c.var.session))
    })
    .get('*', async (c) => {
      const hint = (link: string): void => c.env.outgoing.writeEarlyHints({ link })
      const answer = await app(c.var.session, new URL(c.req.url), hint)
      append(c, answer.headers ?? {})
      if (answer.location !== undefined) return c.redirect(answer.location)
      c.status((answer.status ?? 200) as 200)
      if (answer.stream) return c.body(bodyOf(answer.stream))
      return isEmpty(answer) ? c.body(null) : c.json(answer.body ?? null)
    })
  return listenHono({
    fetch: (request, env) => server.fetch(trustProxy ? forwarded(request) : request, env as never),
  })
}

function append(c: Context, headers: Record<string, string | string[]>): void {
  for (const [name, value] of Object.entries(headers)) {
    for (const line of [value].flat()) c.header(name, line, { append: true })
  }
}
