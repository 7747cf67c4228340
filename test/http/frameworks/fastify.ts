import framework from 'fastify'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { session } from '../../../src/fastify.ts'
import { errorAnswer, isEmpty, listen, type Serve } from '../kit.ts'

export const fastifyServe: Serve = async (options, app, setup = {}) => {
  const { trustProxy = false, compress, late } = setup
  const server = framework({ trustProxy })
  const sessions = session(options)
  server.register(sessions)
  server.setErrorHandler((error, _request, reply) => {
    const { status = 500, body } = errorAnswer(error)
    reply.code(status).send(body)
  })
  if (late) {
    server.addHook('onSend', async (request, reply) => {
      reply.headers(late(sessions.of(request)))
    })
  }
  if (compress) {
    server.addHook('onSend', async (_request, reply, payload) => {
      reply.removeHeader('content-length').header('content-encoding', 'gzip')
      return Readable.from([payload]).pipe(createGzip())
    })
  }
  server.all('*', async (request, reply) => {
    const url = new URL(request.url, 'http://localhost')
    const hint = (link: string): void => reply.writeEarlyHints({ link })
    const answer = await app(sessions.of(request), url, hint)
    reply.headers(answer.headers ?? {})
    if (answer.location !== undefined) return reply.redirect(answer.location)
    reply.code(answer.status ?? 200)
    if (answer.stream) return Readable.from(answer.stream)
    if (isEmpty(answer)) return reply.send()
    reply.type('application/json')
    return JSON.stringify(answer.body ?? null)
  })
  await server.ready()
  return listen((req, res) => server.routing(req, res))
}
