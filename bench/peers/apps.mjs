// One small app on each library. All answer the same four requests: /login, /read, /write and /n.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Absent, dataOf, named, onPath } from '../harness.mjs'

const require = createRequire(import.meta.url)
const secret = 'a secret of the bench, which is no secret at all'
const DATA = dataOf(1024)
const NAME = DATA.user.name

/** How many requests were served. */
export const served = { count: 0 }

const settings = { secret, resave: false, saveUninitialized: false }
const quiet = { report: () => {} }
const ours = (folder) => import(`../../dist/${folder}.js`)

async function filesIn(dir) {
  const { jsonStore } = await ours('index')
  return jsonStore(path.join(dir, 'sessions'))
}

/** @param dataOfRequest where this library keeps a request's data; null: there are no sessions */
const onExpress = (middlewareIn, dataOfRequest) => async (context) => {
  const app = require('express')()
  app.disable('x-powered-by').disable('etag')
  const middleware = await middlewareIn(context)
  if (middleware) app.use(middleware)
  const data = dataOfRequest ?? (() => ({ user: { name: NAME } }))
  app.get('/login', (req, res) => {
    Object.assign(data(req), DATA)
    res.send('ok')
  })
  app.get('/read', (req, res) => {
    served.count++
    res.send(data(req).user.name)
  })
  app.get('/write', (req, res) => {
    served.count++
    data(req).n = served.count
    res.send('ok')
  })
  app.get('/n', (req, res) => void res.send(String(data(req).n)))
  return createServer(app).listen(0, '127.0.0.1')
}

const onFastify = (register, dataOfRequest) => async (context) => {
  const app = require('fastify')()
  await register(app, context)
  const data = dataOfRequest ?? (() => ({ user: { name: NAME } }))
  app.get('/login', async (request) => {
    Object.assign(data(request), DATA)
    return 'ok'
  })
  app.get('/read', async (request) => {
    served.count++
    return data(request).user.name
  })
  app.get('/write', async (request) => {
    served.count++
    data(request).n = served.count
    return 'ok'
  })
  app.get('/n', async (request) => String(data(request).n))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}

/** What every web-standard handler here does. `keep` is called after a change. */
async function handle(request, data, keep) {
  const { pathname } = new URL(request.url)
  if (pathname === '/read') {
    served.count++
    return new Response(data.user.name)
  }
  if (pathname === '/n') return new Response(String(data.n))
  if (pathname === '/login') Object.assign(data, DATA)
  else {
    served.count++
    data.n = served.count
  }
  const response = new Response('ok')
  await keep?.(response)
  return response
}

/** `node:http` under a web-standard handler, the same bridge for all. */
const onNode = (handlerIn) => async () => {
  const handler = await handlerIn()
  async function answer({ url, headers }, res) {
    const response = await handler(new Request(`http://127.0.0.1${url}`, { headers }))
    for (const [name, value] of response.headers) res.appendHeader(name, value)
    res.writeHead(response.status).end(await response.text())
  }
  return createServer((req, res) => void answer(req, res)).listen(0, '127.0.0.1')
}

const expressSession = (storeIn) =>
  onExpress(
    async (context) => require('express-session')({ ...settings, store: await storeIn(context) }),
    (req) => req.session,
  )

const vitrineExpress = (optionsIn) =>
  onExpress(
    async ({ dir }) => (await ours('express')).session({ ...quiet, ...(await optionsIn(dir)) }),
    (req) => req.session.data,
  )

const none = 'no sessions'

/** `on` groups them: the first of each group is the app without sessions. `client`: the cookie holds the data. */
export const apps = [
  { on: 'express', name: `${named('express')}, ${none}`, start: onExpress(() => null) },
  {
    on: 'express',
    name: 'vitrine/express, JSON files',
    start: vitrineExpress(async (dir) => ({ store: await filesIn(dir) })),
  },
  {
    on: 'express',
    name: 'vitrine/express, JSON files, signed ids',
    start: vitrineExpress(async (dir) => {
      const { cookie } = await ours('index')
      return { store: await filesIn(dir), transport: cookie({ secrets: [secret] }) }
    }),
  },
  {
    on: 'express',
    name: 'vitrine/express, memory',
    start: vitrineExpress(async () => ({ store: (await ours('index')).memoryStore() })),
  },
  {
    on: 'express',
    name: `${named('express-session')}, MemoryStore`,
    start: expressSession(() => new (require('express-session').MemoryStore)()),
  },
  {
    on: 'express',
    name: 'express-session, vitrine as its store, JSON files',
    start: expressSession(async ({ dir }) => {
      const { ExpressSessionStore } = await ours('express-session')
      return new ExpressSessionStore(await filesIn(dir), quiet)
    }),
  },
  {
    on: 'express',
    name: `express-session, ${named('session-file-store')}`,
    start: expressSession(async ({ dir }) =>
      (await import('./express-session.mjs')).fileStoreAt(dir),
    ),
  },
  {
    on: 'express',
    name: `express-session, ${named('connect-redis')}`,
    needs() {
      if (!onPath('redis-server', 'valkey-server')) {
        throw new Absent('no redis-server or valkey-server on the PATH')
      }
    },
    start: expressSession(async () => {
      const { redisStore, startRedis } = await import('./redis.mjs')
      return (await redisStore((await startRedis()).socket)).store
    }),
  },
  {
    on: 'express',
    name: `${named('cookie-session')}, signed`,
    client: true,
    start: onExpress(
      () => require('cookie-session')({ keys: [secret] }),
      (req) => req.session,
    ),
  },
  { on: 'fastify', name: `${named('fastify')}, ${none}`, start: onFastify(() => {}) },
  {
    on: 'fastify',
    name: 'vitrine/fastify, JSON files',
    start: onFastify(
      async (app, { dir }) =>
        app.register((await ours('fastify')).session, { ...quiet, store: await filesIn(dir) }),
      (request) => request.session.data,
    ),
  },
  {
    on: 'fastify',
    name: `${named('@fastify/session')}, memory`,
    start: onFastify(
      async (app) => {
        await app.register(require('@fastify/cookie'))
        const cookie = { secure: false }
        await app.register(require('@fastify/session'), {
          secret,
          saveUninitialized: false,
          cookie,
        })
      },
      (request) => request.session,
    ),
  },
  {
    on: 'node:http',
    name: `node:http with web handlers, ${none}`,
    start: onNode(() => (request) => handle(request, structuredClone(DATA))),
  },
  {
    on: 'node:http',
    name: 'vitrine/web, sealed cookie',
    client: true,
    start: onNode(async () => {
      const [{ withSession }, { sealedCookie }] = [await ours('web'), await ours('index')]
      const store = sealedCookie({ secrets: [secret] })
      return withSession({ ...quiet, store })((request, session) => handle(request, session.data))
    }),
  },
  {
    on: 'node:http',
    name: named('iron-session'),
    client: true,
    start: onNode(() => {
      const { getIronSession } = require('iron-session')
      const options = { password: secret, cookieName: 'id' }
      return async (request) => {
        // it reads from the request and, in `save`, writes to the response: which must be there before the data is
        const kept = new Response()
        const session = await getIronSession(request, kept, options)
        const response = await handle(request, session, () => session.save())
        for (const text of kept.headers.getSetCookie()) response.headers.append('set-cookie', text)
        return response
      }
    }),
  },
]
