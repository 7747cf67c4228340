// One process of the tests of `express-session.test.ts`: an app under express-session or @fastify/session.
// usage: node foreign-server.mjs DIST DIR express-session|@fastify/session
import { promisify } from 'node:util'

const [dist, dir, library] = process.argv.slice(2)
const { ExpressSessionStore } = await import(`${dist}/express-session.js`)
const { jsonStore } = await import(`${dist}/index.js`)

const told = {}
const store = new ExpressSessionStore(jsonStore(dir), {
  report: ({ type }) => (told[type] = (told[type] ?? 0) + 1),
})
const secret = 'a secret that is shared by all processes'

let release
let released
const hold = () => {
  released = new Promise((resolve) => (release = resolve))
}
hold()
process.on('message', () => {
  release()
  hold()
})
process.on('disconnect', () => process.exit(0))

/** What the app does, the same under both libraries. */
const actions = {
  put: ({ session, query }) => void (session[query.key] = true),
  count({ session }) {
    store.update(session, (data) => {
      data.n = (data.n ?? 0) + 1
    })
  },
  /** Tells that it has its session, waits until all go on, and only then changes it. */
  async late({ session, query }) {
    const wait = released
    process.send('held')
    await wait
    await new Promise((wake) => setTimeout(wake, Number(query.ms)))
    session.late = true
  },
  see: ({ session }) =>
    Object.keys(session)
      .filter((key) => key !== 'cookie')
      .concat(session.n ?? 0),
  told: () => told,
  logout: ({ destroy }) => destroy(),
}

if (library === 'express-session') {
  const { default: express } = await import('express')
  const { default: expressSession } = await import('express-session')
  const app = express()
  app.use(expressSession({ secret, resave: false, saveUninitialized: false, store }))
  app.get('/:action', async (req, res) => {
    const destroy = promisify(req.session.destroy.bind(req.session))
    const { session, query } = req
    res.json((await actions[req.params.action]({ session, query, destroy })) ?? null)
  })
  const server = app.listen(0, '127.0.0.1', () => process.send(server.address().port))
} else {
  const { default: fastify } = await import('fastify')
  const { default: fastifyCookie } = await import('@fastify/cookie')
  const { default: fastifySession } = await import('@fastify/session')
  const app = fastify()
  await app.register(fastifyCookie)
  const cookie = { secure: false }
  await app.register(fastifySession, {
    secret,
    cookie,
    saveUninitialized: false,
    rolling: false,
    store,
  })
  app.get('/:action', async ({ params, session, query }) => {
    const destroy = () => session.destroy()
    return (await actions[params.action]({ session, query, destroy })) ?? null
  })
  process.send(Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port))
}
