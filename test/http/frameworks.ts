import type { ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import connect from 'connect'
import type express from 'express'
import type { NextFunction, Request, Response } from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { session } from '../../src/express.ts'
import { session as fastifySession } from '../../src/fastify.ts'
import { session as honoSession } from '../../src/hono.ts'
import { session as koaSession } from '../../src/koa.ts'
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

export function listenKoa(app: Koa): Promise<string> {
  const answer = app.callback()
  return listen((req, res) => void answer(req, res))
}

export const koaServe: Serve = (options, app) => {
  const server = new Koa()
  server.context.onerror = function (this: Koa.ExtendableContext, error: unknown) {
    if (error) send(this.res, errorAnswer(error))
  }
  server.use(koaSession(options))
  server.use(async (ctx) => {
    const answer = await app(ctx.session, new URL(ctx.url, 'http://localhost'))
    ctx.set(answer.headers ?? {})
    if (answer.location !== undefined) return ctx.redirect(answer.location)
    ctx.status = answer.status ?? 200
    ctx.type = 'json'
    ctx.body = JSON.stringify(answer.body ?? null)
  })
  return listenKoa(server)
}

export function listenHono(app: Pick<Hono, 'fetch'>): Promise<string> {
  const answer = getRequestListener(app.fetch)
  return listen((req, res) => void answer(req, res))
}

export const honoServe: Serve = (options, app) => {
  const server = new Hono()
    .onError((error, c) => c.json(errorAnswer(error).body, 500))
    .use(honoSession(options))
    .get('*', async (c) => {
      const answer = await app(c.var.session, new URL(c.req.url))
      for (const [name, value] of Object.entries(answer.headers ?? {})) {
        for (const line of [value].flat()) c.header(name, line, { append: true })
      }
      if (answer.location !== undefined) return c.redirect(answer.location)
      c.status((answer.status ?? 200) as 200)
      return c.json(answer.body ?? null)
    })
  return listenHono(server)
}

export const fastifyServe: Serve = async (options, app) => {
  const server = fastify()
  const sessions = fastifySession(options)
  server.register(sessions)
  server.setErrorHandler((error, _request, reply) => {
    const { status = 500, body } = errorAnswer(error)
    reply.code(status).send(body)
  })
  server.all('*', async (request, reply) => {
    const url = new URL(request.url, 'http://localhost')
    const { status, headers, location, body } = await app(sessions.of(request), url)
    reply.headers(headers ?? {})
    if (location !== undefined) return reply.redirect(location)
    reply.code(status ?? 200).type('application/json')
    return JSON.stringify(body ?? null)
  })
  await server.ready()
  return listen((req, res) => server.routing(req, res))
}
