// A process that lives the life of a server for some rounds, with one engine behind one adapter after the other, and
// tells what it held before, meanwhile and after: `rounds.mjs DOORS DIRECTORY ENGINE ADAPTER…`.
import { getEventListeners, once } from 'node:events'
import http from 'node:http'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { queryObjects } from 'node:v8'
import { ADAPTERS, waiting } from './apps.mjs'
import { census, listeners, rest, settled, turn } from './census.mjs'

const [folder, directory, engineName, ...adapters] = process.argv.slice(2)
const doors = (name) => import(pathToFileURL(path.join(folder, `${name}.js`)).href)
const { cookie, createId, createSessions, jsonStore, yamlStore, memoryStore, sealedCookie } =
  await doors('index')

const ROUNDS = 4
const VISITORS = 3

let time = Date.now()
let broken = false
const now = () => time
const secrets = [crypto.randomUUID() + crypto.randomUUID()]

/** A store that fails when it is told to. */
function breakable(store, ...methods) {
  const all = { ...store }
  for (const name of methods) {
    all[name] = async (...args) => {
      if (broken) throw new Error('broken')
      return store[name](...args)
    }
  }
  return all
}

const ENGINES = {
  json: (dir) => breakable(jsonStore(dir), 'read', 'write', 'touch', 'delete'),
  yaml: (dir) => breakable(yamlStore(dir), 'read', 'write', 'touch', 'delete'),
  memory: () => breakable(memoryStore({ now }), 'read', 'write', 'touch', 'delete'),
  cookie: () => breakable(sealedCookie({ secrets }), 'seal'),
}

/** One request on a connection that is kept. @returns its cookie, or the one it had */
async function ask(port, agent, url, cookie = '') {
  const req = http.request({ port, agent, path: url, headers: { cookie } }).end()
  const [res] = await once(req, 'response')
  res.resume()
  await once(res, 'end')
  return res.headers['set-cookie']?.[0].split(';', 1)[0] ?? cookie
}

/** A client that goes away before it is answered. */
async function goAway(port, cookie) {
  const req = http.request({ port, path: '/wait', agent: false, headers: { cookie } }).end()
  req.on('error', () => {})
  while (waiting.size === 0) await turn()
  const closed = new Promise((resolve) => req.once('close', resolve))
  req.destroy()
  await closed
  await turn()
  for (const goOn of waiting) goOn()
  waiting.clear()
}

/** A few visitors, from their first request to their log-out. */
async function round(port, agent) {
  for (let visitor = 0; visitor < VISITORS; visitor++) {
    await ask(port, agent, '/read')
    let mine = await ask(port, agent, '/write')
    await ask(port, agent, '/read', mine)
    await ask(port, agent, '/throw', mine)
    await Promise.all([ask(port, agent, '/write', mine), ask(port, agent, '/write', mine)])
    const old = mine
    mine = await ask(port, agent, '/renew', mine)
    await ask(port, agent, '/write', old)
    mine = await ask(port, agent, '/write', mine)
    broken = true
    await ask(port, agent, '/write', mine)
    broken = false
    await ask(port, agent, '/read', 'id=junk; id=; id="')
    await goAway(port, mine)
    await ask(port, agent, '/logout', mine)
  }
}

/** Sweeps and followers, with a signal that is theirs alone and with one that outlives them. */
async function follow(store, outlives) {
  if (!store.watch) return
  time += 3 * 3_600_000 // what is left of the visitors is over
  await store.reap(time, outlives)
  const theirs = new AbortController()
  await store.reap(time, theirs.signal)
  const follower = (signal) => store.watch(signal)[Symbol.asyncIterator]()
  const [one, two, three] = [theirs.signal, theirs.signal, outlives].map(follower)
  const heard = [one.next(), two.next(), three.next()]
  const id = createId()
  const record = { data: {}, createdAt: time, expiresAt: time + 1000, revision: 1 }
  await turn()
  await store.write(id, record, null)
  await Promise.all(heard)
  await three.return()
  const last = one.next()
  theirs.abort()
  await last // two is not asked again: who follows need not come back
  await store.delete(id)
  const left = getEventListeners(theirs.signal, 'abort').length
  if (left > 0) throw new Error(`${left} listeners are left on the signal`)
}

/** The life of one server. */
async function live(adapter, dir, rounds, withSessions = true) {
  const store = ENGINES[engineName](dir)
  const options = { now, report() {} }
  const sessions = createSessions({ ...options, store, transport: cookie({ secrets }) })
  const app = await ADAPTERS[adapter](doors, withSessions ? { sessions, store, options } : null)
  const onSockets = new Set()
  const onMessages = new Map()
  const server = http.createServer()
  server.on('request', (req, res) => {
    onSockets.add(JSON.stringify(listeners(req.socket)))
    res.once('close', () => {
      setImmediate(() => {
        for (const [name, one] of Object.entries({ req, res })) {
          for (const [event, count] of Object.entries(listeners(one))) {
            const key = `${name} ${event}`
            onMessages.set(key, Math.max(onMessages.get(key) ?? 0, count))
          }
        }
      })
    })
    app(req, res)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 })
  const outlives = new AbortController()
  const timers = []
  for (let count = 0; count < rounds; count++) {
    await round(port, agent)
    if (withSessions) await follow(store, outlives.signal)
    timers.push(census().timers)
  }
  // of every kind of message that comes in: those of clients, and the answers to the clients here
  const messages = withSessions ? queryObjects(http.IncomingMessage, { format: 'count' }) : 0
  const onSignal = getEventListeners(outlives.signal, 'abort').length
  agent.destroy()
  await new Promise((resolve) => server.close(resolve))
  await app.close?.()
  await sessions.engine[Symbol.asyncDispose]()
  return {
    timers,
    messages,
    onSignal,
    onSockets: [...onSockets],
    onMessages: Object.fromEntries(onMessages),
  }
}

const results = {}
for (const adapter of adapters) {
  const dir = (name) => path.join(directory, `${adapter.replace(/\W/g, '-')}-${name}`)
  const without = await live(adapter, dir('without'), 1, false)
  await live(adapter, dir('warm'), 1)
  await rest()
  const before = census()
  const during = await live(adapter, dir('measured'), ROUNDS)
  const after = await settled(before)
  results[adapter] = { without, before, after, during }
}
process.stdout.write(JSON.stringify(results))
