// What a session library does when things happen at once, or fail: the same small app on each, real requests.
// usage: npm run bench -- promises
import { once } from 'node:events'
import fs from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import express from 'express'
import expressSession from 'express-session'
import Fastify from 'fastify'
import { jsonStore } from '../dist/index.js'
import { session } from '../dist/express.js'
import { ExpressSessionStore } from '../dist/express-session.js'
import * as harness from './harness.mjs'
import { fileStoreAt } from './peers/express-session.mjs'

const { dir } = harness.commandLine()
const secret = crypto.randomUUID() + crypto.randomUUID()
const newDir = () => fs.mkdtempSync(path.join(dir, 'sessions-'))

/** Something between app and store that can be slow, fail, and tells what it did. */
const trouble = { delay: 0, fail: false, stored: 0, records: new Set() }

async function interfere() {
  if (trouble.delay) await sleep(trouble.delay)
  if (trouble.fail) throw new Error('the store is down')
}

function inTheWayOf(store) {
  return {
    ...store,
    async write(id, ...rest) {
      await interfere()
      const version = await store.write(id, ...rest)
      trouble.stored++
      trouble.records.add(id)
      return version
    },
  }
}

function inTheWayOfCallbacks(store) {
  const { set } = store
  store.set = (id, data, done) =>
    void interfere().then(
      () =>
        set.call(store, id, data, (error) => {
          trouble.stored++
          trouble.records.add(id)
          done?.(error)
        }),
      (/** @type {unknown} */ error) => done?.(error),
    )
  return store
}

const onExpress = (middleware, data) => async () => {
  const app = express()
  app.set('env', 'test')
  app.use(middleware())
  app.get('/look', (_, res) => void res.send('hello'))
  app.get('/read', (req, res) => void res.json(data(req)))
  app.get('/set/:key', async (req, res) => {
    await sleep(Number(req.query.wait ?? 5))
    data(req)[req.params.key] = true
    res.json({ ok: true })
  })
  app.get('/redirect', (req, res) => {
    data(req).redirected = true
    res.redirect('/read')
  })
  app.get('/logout', (req, res) => {
    if (req.session.destroy.length === 0) {
      req.session.destroy()
      res.send('bye')
    } else req.session.destroy(() => res.send('bye'))
  })
  return createServer(app).listen(0, '127.0.0.1')
}

const onFastify = async () => {
  const app = Fastify()
  await app.register(fastifyCookie)
  const store = inTheWayOfCallbacks(new expressSession.MemoryStore())
  await app.register(fastifySession, { secret, store, cookie: { secure: false } })
  app.get('/look', async () => 'hello')
  app.get('/read', async (request) => ({ ...request.session }))
  app.get('/set/:key', async (request) => {
    await sleep(Number(request.query.wait ?? 5))
    request.session[request.params.key] = true
    return { ok: true }
  })
  app.get('/redirect', async (request, reply) => {
    request.session.redirected = true
    return reply.redirect('/read')
  })
  app.get('/logout', async (request) => {
    await request.session.destroy()
    return 'bye'
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}

const plain = (req) => req.session
const libraries = {
  'vitrine/express, JSON files': onExpress(
    () => session({ store: inTheWayOf(jsonStore(newDir())) }),
    (req) => req.session.data,
  ),
  'express-session, vitrine as its store, JSON files': onExpress(
    () =>
      expressSession({
        secret,
        resave: false,
        saveUninitialized: false,
        store: new ExpressSessionStore(inTheWayOf(jsonStore(newDir()))),
      }),
    plain,
  ),
  [`${harness.named('express-session')}, MemoryStore`]: onExpress(
    () =>
      expressSession({
        secret,
        resave: false,
        saveUninitialized: false,
        store: inTheWayOfCallbacks(new expressSession.MemoryStore()),
      }),
    plain,
  ),
  [`express-session, ${harness.named('session-file-store')}`]: onExpress(
    () =>
      expressSession({
        secret,
        resave: false,
        saveUninitialized: false,
        store: inTheWayOfCallbacks(fileStoreAt(newDir())),
      }),
    plain,
  ),
  [`${harness.named('@fastify/session')}, memory`]: onFastify,
}

const rows = []
for (const [name, start] of Object.entries(libraries)) {
  harness.progress(name)
  Object.assign(trouble, { delay: 0, fail: false, stored: 0, records: new Set() })
  const server = await start()
  if (!server.listening) await once(server, 'listening')
  const base = `http://127.0.0.1:${server.address().port}`
  const headersOf = (url, cookie) =>
    fetch(base + url, { redirect: 'manual', headers: cookie ? { cookie } : {} })
  const ask = async (url, cookie) => {
    const response = await headersOf(url, cookie)
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const cookieOf = (response) => response.headers.getSetCookie()[0]?.split(';')[0]

  for (let n = 0; n < 100; n++) await ask('/look')
  const strangers = trouble.records.size

  const cookie = cookieOf(await ask('/set/user'))
  await Promise.all(Array.from({ length: 20 }, (_, n) => ask(`/set/key${n}?wait=100`, cookie)))
  const kept = Object.keys(JSON.parse((await ask('/read', cookie)).text)).filter((key) =>
    key.startsWith('key'),
  )

  const slow = ask('/set/slow?wait=100', cookie)
  await sleep(30)
  await ask('/logout', cookie)
  await slow
  const back = 'user' in JSON.parse((await ask('/read', cookie)).text)

  const other = cookieOf(await ask('/set/user'))
  const storedBefore = trouble.stored
  trouble.delay = 200
  await headersOf('/redirect', other)
  const early = trouble.stored === storedBefore
  trouble.delay = 0
  await sleep(300) // what is on its way to the store is not the next library's

  trouble.fail = true
  const failing = await ask('/set/lost', other).catch(() => ({ status: 'connection lost' }))
  trouble.fail = false

  rows.push({
    library: name,
    '20 parallel keys kept': kept.length,
    'log-out undone by a slow request': back ? 'yes' : 'no',
    'redirect before the session is stored': early ? 'yes' : 'no',
    'answer when the store fails': failing.status,
    'records after 100 visitors who only look': strangers,
  })
  server.close()
  server.closeAllConnections()
}
harness.progress()
const sections = [{ title: '### The same small app, real requests', rows }]
const title = 'what happens when things happen at once, or fail'
await harness.report({ bench: 'promises', title, dir, sections, notes: [], results: rows })
process.exit(0)
