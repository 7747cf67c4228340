import Koa from 'koa'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { session } from '../../../src/koa.ts'
import { errorAnswer, isEmpty, listen, send, type Serve } from '../kit.ts'

export function listenKoa(app: Koa): Promise<string> {
  const answer = app.callback()
  return listen((req, res) => void answer(req, res))
}

export const koaServe: Serve = (options, app, { trustProxy = false, compress, late } = {}) => {
  const server = new Koa({ proxy: trustProxy })
  server.context.onerror = function (this: Koa.ExtendableContext, error: unknown) {
    if (error && !this.headerSent) send(this.res, errorAnswer(error))
  }
  server.use(async (ctx, next) => {
    await next()
    if (late) ctx.set(late(ctx.session))
    if (!compress) return
    ctx.remove('content-length')
    ctx.set('content-encoding', 'gzip')
    ctx.body = Readable.from([ctx.body as string]).pipe(createGzip())
  })
  server.use(session(options))
  server.use(async (ctx) => {
    const url = new URL(ctx.url, 'http://localhost')
    const answer = await app(ctx.session, url, (link) => ctx.res.writeEarlyHints({ link }))
    ctx.set(answer.headers ?? {})
    if (answer.location !== undefined) return ctx.redirect(answer.location)
    ctx.status = answer.status ?? 200
    if (answer.stream) {
      ctx.body = Readable.from(answer.stream)
    } else if (!isEmpty(answer)) {
      ctx.type = 'json'
      ctx.body = JSON.stringify(answer.body ?? null)
    }
  })
  return listenKoa(server)
}
