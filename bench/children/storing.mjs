// One store in a process of its own, as an app would have it: checks it, and measures what the bench asks for.
import { fork } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as harness from '../harness.mjs'
import { stores } from '../peers/stores.mjs'

const [name, bytes, dir, socket] = process.argv.slice(2)
const data = harness.dataOf(Number(bytes))
const SESSIONS = 32 // that are used in turn
const UNKNOWN = 'a'.repeat(32)

/**
 * `needs`: what a store must have for it. `once`: a session can be used for one operation only, so they are done
 * in batches and what comes between is not counted. `none`: it needs no session.
 */
const operations = {
  retrieve: { needs: 'retrieve', run: (store, id) => store.retrieve(id) },
  read: { needs: 'read', run: (store, id) => store.read(id) },
  unknown: {
    needs: 'retrieve',
    none: true,
    run: (store) => store.retrieve(store.unknown ?? UNKNOWN),
  },
  create: { needs: 'create', once: true, make: (store) => store.create(data) },
  update: { needs: 'update', run: (store, id, n) => store.update(id, n) },
  touch: { needs: 'touch', run: (store, id) => store.touch(id) },
  destroy: { needs: 'destroy', once: true, run: (store, id) => store.destroy(id), gone: true },
  cold: {
    needs: 'fileOf',
    once: true,
    async prepare(store, ids) {
      rewriter ??= fork(path.join(import.meta.dirname, 'rewriter.mjs'))
      rewriter.send(ids.map(store.fileOf))
      await harness.answerOf(rewriter)
      await sleep(30)
    },
    run: (store, id) => store.read(id),
  },
}
let rewriter

async function sessionsIn(store, count) {
  const ids = []
  await harness.inLanes(SESSIONS, count, async () => ids.push(await store.create(data)))
  return ids
}

const removeAll = (store, ids) =>
  harness.inLanes(SESSIONS, ids.length, (n) => store.destroy(ids[n]))

/** CPU time of this process with all its threads, in microseconds. */
function cpuSince(before) {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** Sessions that stay, and are used again and again. */
async function measureMany(store, { run, none }, lanes, limits) {
  const ids = await sessionsIn(store, none ? 0 : SESSIONS)
  for (const id of ids) await run(store, id, -1)
  await sleep(30) // a file that is younger than its clock can tell is not believed by everybody
  let count = 0
  const cpu = process.cpuUsage()
  const begin = performance.now()
  const lane = async (first) => {
    for (let n = first; performance.now() - begin < limits.busy; n += lanes) {
      if (count >= limits.count) break
      await run(store, ids[n % SESSIONS], n)
      count++
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, first) => lane(first)))
  const elapsed = performance.now() - begin
  const used = cpuSince(cpu)
  await removeAll(store, ids)
  return { us: (elapsed / count) * 1000, cpu: used / count }
}

/** Sessions that are used once, a batch at a time. */
async function measureOnce(store, { make, prepare, run, gone }, lanes, limits) {
  let busy = 0
  let used = 0
  let count = 0
  const since = performance.now()
  while (busy < limits.busy && count < limits.count && performance.now() - since < limits.all) {
    const batch = 2 * SESSIONS
    const ids = make ? [] : await sessionsIn(store, batch)
    await prepare?.(store, ids)
    const job = make ? async () => void ids.push(await make(store)) : (n) => run(store, ids[n])
    const cpu = process.cpuUsage()
    const begin = performance.now()
    await harness.inLanes(lanes, batch, job)
    busy += performance.now() - begin
    used += cpuSince(cpu)
    count += batch
    if (!gone) await removeAll(store, ids)
  }
  return { us: (busy / count) * 1000, cpu: used / count }
}

/** @param limits ends a loop after `busy` ms of the operation itself, `all` ms of everything, or `count` operations */
async function measure(store, { operation, lanes, limits }) {
  if (store.measure) return { us: await store.measure(operation, limits) }
  const work = operations[operation]
  const loop = work.once ? measureOnce : measureMany
  return loop(store, work, lanes, limits)
}

/** A store that is fast and wrong is out. */
async function check(store) {
  const expect = (what, is) => {
    if (!is) throw new Error(`${name} does not ${what}`)
  }
  const id = await store.create(data)
  await store.update(id, 1)
  await store.touch?.(id)
  expect('keep a session', (await store.read(id)) === 'Ada Lovelace' && (await store.n(id)) === 1)
  await store.destroy(id)
  expect('forget a destroyed session', !(await store.retrieve(id)))
  expect('refuse an unknown id', !(await store.retrieve(store.unknown ?? UNKNOWN)))
}

const answer = async (store, task) => process.send(await measure(store, task))

process.on('disconnect', () => process.exit(0))

const peer = stores.find((one) => one.name === name)
try {
  const store = await peer.open(dir, data, socket)
  const measuresItself = Boolean(store.measure)
  if (!measuresItself) await check(store)
  process.on('message', (task) => void answer(store, task))
  const has = Object.keys(operations).filter((key) => store.measure ?? store[operations[key].needs])
  process.send({ title: store.name, measuresItself, has })
} catch (error) {
  if (!(error instanceof harness.Absent)) throw error
  process.send({ absent: error.message })
}
