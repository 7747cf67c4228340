// One small app behind each adapter: what every request asks for is in its path. Given no sessions it does without,
// to tell what the framework itself leaves behind.
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'

const require = createRequire(import.meta.url)

/** Requests to `/wait` that are held until their client has gone. */
export const waiting = new Set()

/** @param session `data`, `renew` and `destroy`, as every adapter can give them */
async function act(path, session) {
  switch (path) {
    case '/write':
      session.data.user = 'ada'
      session.data.turn = (session.data.turn ?? 0) + 1
      return 'written'
    case '/renew':
      await session.renew()
      return 'renewed'
    case '/logout':
      await session.destroy()
      return 'gone'
    case '/throw':
      session.data.user = 'eve'
      throw new Error('no')
    case '/wait':
      session.data.user = 'ada'
      await new Promise((goOn) => waiting.add(goOn))
      return 'too late'
    default:
      return String(session.data.user)
  }
}

const nobody = () => ({ data: {}, renew() {}, destroy() {} })

/** The listener of an HTTP server for each adapter, and what closes the framework. */
export const ADAPTERS = {
  async 'node:http'(doors, given) {
    const { session } = await doors('express')
    const sessions = given ? session(given.sessions) : (_req, _res, next) => next()
    const of = given ? sessions.of : nobody
    const fail = (res) => Object.assign(res, { statusCode: 500 }).end('failed')
    return (req, res) =>
      sessions(req, res, (error) => {
        if (error) return fail(res)
        act(req.url, of(req)).then(
          (text) => res.end(text),
          () => fail(res),
        )
      })
  },

  async Express(doors, given) {
    const { session } = await doors('express')
    const app = require('express')()
    if (given) app.use(session(given.sessions))
    app.use(async (req, res) => void res.send(await act(req.path, req.session ?? nobody())))
    app.use((_error, _req, res, _next) => void res.status(500).send('failed'))
    return app
  },

  async Fastify(doors, given) {
    const { session } = await doors('fastify')
    const app = require('fastify')()
    if (given) app.register(session(given.sessions))
    app.setErrorHandler((_error, _request, reply) => void reply.code(500).send('failed'))
    app.get('*', (request) => act(request.url, request.session ?? nobody()))
    await app.ready()
    return Object.assign((req, res) => app.routing(req, res), { close: () => app.close() })
  },

  async Koa(doors, given) {
    const { session } = await doors('koa')
    const { default: Koa } = await import('koa')
    const app = new Koa({ silent: true })
    app.silent = true
    if (given) app.use(session(given.sessions))
    app.use(async (ctx) => void (ctx.body = await act(ctx.path, ctx.session ?? nobody())))
    return app.callback()
  },

  async Hono(doors, given) {
    const { session } = await doors('hono')
    const { Hono } = await import('hono')
    const { getRequestListener } = await import('@hono/node-server')
    const app = new Hono().onError((_error, c) => c.text('failed', 500))
    if (given) app.use(session(given.sessions))
    app.get('*', async (c) => c.text(await act(c.req.path, c.get('session') ?? nobody())))
    const answer = getRequestListener(app.fetch)
    return (req, res) => void answer(req, res)
  },

  async web(doors, given) {
    const { withSession } = await doors('web')
    const handle = given
      ? withSession(given.sessions)(async (request, session) => answer(request, session))
      : (request) => answer(request, nobody())
    const answer = async ({ url }, session) =>
      new Response(await act(new URL(url).pathname, session))
    return async (req, res) => {
      const request = new Request(`http://localhost${req.url}`, { headers: req.headers })
      const response = await handle(request).catch(() => new Response('failed', { status: 500 }))
      res.statusCode = response.status
      res.setHeaders(response.headers)
      Readable.fromWeb(response.body).pipe(res)
    }
  },

  async 'express-session'(doors, given) {
    const app = require('express')()
    let store
    if (given) {
      const { ExpressSessionStore } = await doors('express-session')
      store = new ExpressSessionStore(given.store, given.options)
      const settings = { secret: 'no secret at all', resave: false, saveUninitialized: false }
      app.use(require('express-session')({ ...settings, name: 'id', store }))
    }
    app.use(async (req, res) => {
      const called = (name) => () =>
        new Promise((resolve, reject) =>
          req.session[name]((error) => (error instanceof Error ? reject(error) : resolve())),
        )
      const session = req.session
        ? { data: req.session, renew: called('regenerate'), destroy: called('destroy') }
        : nobody()
      res.send(await act(req.path, session))
    })
    app.use((_error, _req, res, _next) => void (res.headersSent || res.status(500).send('failed')))
    return Object.assign(app, { close: () => store?.[Symbol.asyncDispose]() })
  },
}
