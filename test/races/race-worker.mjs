// One process of a race: holds sessions in its hands, and ends each request at the moment it is told.
// usage: node race-worker.mjs OPTIONS, a JSON of `RacerOptions` in `racers.ts`
const { dist, dir, killAt = 0, slow = false } = JSON.parse(process.argv[2])
const { createSessions, jsonStore } = await import(`${dist}/index.js`)
const { nodeIo } = await import(`${dist}/files.js`)

let operations = 0
let armed = false
/** Kills this process just before its Nth file operation, or lets every step between two of them take its time. */
const io = new Proxy(nodeIo, {
  get(target, key) {
    const operation = target[key]
    if (typeof operation !== 'function' || ['now', 'elapsed', 'sleep', 'nap'].includes(key)) {
      return operation
    }
    return (...args) => {
      if (armed && ++operations === killAt) process.kill(process.pid, 'SIGKILL')
      if (slow && (key === 'rename' || key === 'unlink')) target.nap(Math.random())
      return operation.apply(target, args)
    }
  },
})

/** How far ahead of time its clock is, in ms. */
let ahead = 0
let events = []
const store = jsonStore({ dir, ...((killAt > 0 || slow) && { io }) })
const sessions = createSessions({
  store,
  report: (event) => events.push({ type: event.type, reason: event.reason }),
  now: () => Date.now() + ahead,
})

const request = (id) => ({ headers: { get: (name) => (name === 'cookie' ? `id=${id}` : null) } })

const changes = {
  change: (session, name) => void (session.data[name] = true),
  update: (session, name) => session.update((data) => void (data[name] = true)),
  flash: (session, name) => session.flash(name, true),
  look: () => undefined,
  renew: (session, name) => {
    session.data[name] = true
    session.renew()
  },
  destroy: (session) => session.destroy(),
}

/** Does something with a stored session in a tight loop, until it is gone. */
async function whileStored(id, work) {
  const began = performance.now()
  for (let stored = await store.read(id); stored; stored = await store.read(id)) {
    await work(stored)
    if (performance.now() - began > 5000) return // it has come back
  }
}

/** What has no session in its hands but works on the store itself. */
const direct = {
  delete: (id) => store.delete(id),
  write: (id) =>
    whileStored(id, ({ record, version }) => {
      const n = (record.data.n ?? 0) + 1
      return store.write(id, { ...record, revision: n + 1, data: { ...record.data, n } }, version)
    }),
  touch: (id) =>
    whileStored(id, ({ record, version }) => store.touch(id, record.expiresAt + 1, version)),
  reset: () => sessions.engine.reset(),
}

const held = new Map()
let enough = new AbortController()

const orders = {
  /** Begins a request on each session. */
  async hold({ ids }) {
    // what a store does once only, and in a number of steps that depends on the disk, is not counted
    if (killAt > 0) await store.delete((await sessions.engine.create({})).id)
    for (const id of ids) held.set(id, await sessions.open(request(id)))
  },

  /** Ends the requests, each at its time by the system's monotonic clock, in ns. */
  async go({ turns, ahead: by }) {
    ahead = by
    const results = []
    for (const { id, act, name, at } of turns) {
      await until(at)
      events = []
      armed = true
      const headers = direct[act] ? await direct[act](id) : await end(held.get(id), act, name)
      armed = false
      const cookies = (headers ?? []).filter(([header]) => header === 'set-cookie')
      results.push({ id, events, cookies: cookies.map(([, value]) => value), operations })
    }
    return results
  },

  async reap({ ahead: by }) {
    ahead = by
    enough = new AbortController()
    let removed = 0
    while (!enough.signal.aborted) {
      removed += await store.reap(Date.now() + ahead)
      await new Promise(setImmediate)
    }
    return removed
  },
}

/** Sleeps, and for the last two milliseconds waits wide awake. */
async function until(at) {
  const left = () => at - Number(process.hrtime.bigint())
  if (left() > 3e6) await new Promise((wake) => setTimeout(wake, left() / 1e6 - 2))
  while (left() > 0);
}

function end(session, act, name) {
  changes[act](session, name)
  return sessions.commit(session)
}

process.on('message', (order) => {
  if (order.what === 'enough') {
    enough.abort()
    return
  }
  orders[order.what](order).then(
    (answer) => process.send({ answer: answer ?? null }),
    (error) => process.send({ error: String(error?.stack ?? error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send({ answer: 'ready' })
