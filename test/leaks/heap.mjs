// The life of many sessions in one process, without HTTP, and how much memory is in use after each round of it:
// `heap.mjs DOORS DIRECTORY`. Every session ends, so that nothing of it may be left.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { rest } from './census.mjs'

const [folder, directory] = process.argv.slice(2)
const doors = (name) => import(pathToFileURL(path.join(folder, `${name}.js`)).href)
const { createSessions, jsonStore, yamlStore, memoryStore, sealedCookie } = await doors('index')
const { nodeIo } = await doors('files')
const { ExpressSessionStore } = await doors('express-session')

const WARM = 2
const ROUNDS = 6

let time = Date.now()
const now = () => time
const secrets = [crypto.randomUUID() + crypto.randomUUID()]
const quiet = { now, report() {} }

/** A visitor of our own middleware. */
function visitor(options) {
  const sessions = createSessions({ ...quiet, ...options })
  let ticket = ''
  async function visit(handle) {
    const session = await sessions.open({ headers: { get: () => ticket } })
    handle(session)
    for (const [name, value] of await sessions.commit(session)) {
      if (name === 'set-cookie') ticket = value.split(';', 1)[0]
    }
  }
  return async () => {
    ticket = ''
    await visit(({ data }) => void (data.user = 'ada'))
    await visit(({ data }) => void data.user)
    await visit((session) => session.renew())
    await visit((session) => session.update((data) => void (data.turn = 1)))
    await visit((session) => session.destroy())
  }
}

/** A visitor of express-session, as it calls its store. */
function foreign(kept) {
  const store = new ExpressSessionStore(kept, quiet)
  const called = (name, ...args) =>
    new Promise((resolve, reject) =>
      store[name](...args, (error, value) =>
        error instanceof Error ? reject(error) : resolve(value),
      ),
    )
  return async () => {
    const sid = crypto.randomUUID()
    await called('set', sid, { cookie: { maxAge: 1000 }, user: 'ada' })
    const session = await called('get', sid)
    session.user = 'eve'
    await called('set', sid, session)
    await called('touch', sid, session)
    await called('destroy', sid)
  }
}

// with a file system that is given there is no other thread: what the one remembers of a session the other ends
// stays until 10,000 others have come
const files = (open, name) => open({ dir: path.join(directory, name), io: nodeIo })
const memory = () => memoryStore({ now })
/** How they are kept, and how many live in a round. */
const LIVES = {
  json: [files(jsonStore, 'json'), (store) => visitor({ store }), 120],
  yaml: [files(yamlStore, 'yaml'), (store) => visitor({ store }), 50],
  memory: [memory(), (store) => visitor({ store }), 1000],
  cookie: [sealedCookie({ secrets }), (store) => visitor({ store }), 200],
  'express-session': [memory(), foreign, 1000],
}

const results = {}
for (const [name, [store, lifeWith, sessions]] of Object.entries(LIVES)) {
  const live = lifeWith(store)
  const heaps = []
  for (let round = 0; round < WARM + ROUNDS; round++) {
    for (let count = 0; count < sessions; count++) await live()
    time += 3 * 3_600_000
    await store.reap?.(time) // the ids from before a renewal
    await rest()
    if (round >= WARM) heaps.push(process.memoryUsage().heapUsed)
  }
  await store.close?.()
  results[name] = { sessions, heaps }
}
process.stdout.write(JSON.stringify(results))
