// What the stores cost, side by side. usage: npm run bench -- stores [BYTES …]
import { fork } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as harness from './harness.mjs'
import { databases } from './peers/databases.mjs'
import { expressSessionStores } from './peers/express-session.mjs'
import { fileStores } from './peers/files.mjs'
import { languages } from './peers/languages.mjs'
import { vitrineStores } from './peers/vitrine.mjs'

const { numbers, rounds, dir, isWanted } = harness.commandLine({ rounds: 3 })
const sizes = numbers.length > 0 ? numbers : [1024, 4096, 65_536]
const SLICE = 100 // ms of each cell in each round
const AT_ONCE = 32
const UNKNOWN = 'a'.repeat(32)

const rewriter = fork(path.join(import.meta.dirname, 'children', 'rewriter.mjs'))

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
  create: { needs: 'create', once: true, make: (store) => store.create(store.data) },
  update: { needs: 'update', run: (store, id, n) => store.update(id, n) },
  touch: { needs: 'touch', run: (store, id) => store.touch(id) },
  destroy: { needs: 'destroy', once: true, run: (store, id) => store.destroy(id), gone: true },
  cold: {
    needs: 'fileOf',
    once: true,
    async prepare(store, ids) {
      rewriter.send(ids.map(store.fileOf))
      await harness.answerOf(rewriter)
      await sleep(30)
    },
    run: (store, id) => store.read(id),
  },
}

const TITLES = {
  retrieve: 'retrieve',
  read: 'and read a key',
  unknown: 'unknown id',
  create: 'create',
  update: 'update',
  touch: 'touch',
  destroy: 'destroy',
  cold: 'read, changed by another process',
}

async function sessionsIn(store, count) {
  const ids = []
  await harness.inLanes(AT_ONCE, count, async () => ids.push(await store.create(store.data)))
  return ids
}

const removeAll = (store, ids) => harness.inLanes(AT_ONCE, ids.length, (n) => store.destroy(ids[n]))

/** CPU time of this process with all its threads, in microseconds. */
function cpuSince(before) {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** Sessions that stay, and are used again and again. */
async function measureMany(store, { run, none }, lanes) {
  const ids = await sessionsIn(store, none ? 0 : AT_ONCE)
  for (const id of ids) await run(store, id, -1)
  await sleep(30) // a file that is younger than its clock can tell is not believed by everybody
  let count = 0
  const cpu = process.cpuUsage()
  const begin = performance.now()
  const lane = async (first) => {
    for (let n = first; performance.now() - begin < SLICE; n += lanes) {
      await run(store, ids[n % AT_ONCE], n)
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
async function measureOnce(store, { make, prepare, run, gone }, lanes) {
  let busy = 0
  let used = 0
  let count = 0
  const since = performance.now()
  while (busy < SLICE && performance.now() - since < 4 * SLICE) {
    const batch = 2 * AT_ONCE
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

async function measure({ store, operation, lanes }) {
  if (store.measure)
    return { us: await store.measure(operation, { busy: SLICE, all: 4 * SLICE, count: 1e9 }) }
  const work = operations[operation]
  return work.once ? measureOnce(store, work, lanes) : measureMany(store, work, lanes)
}

/** A store that is fast and wrong is out. */
async function check(store) {
  if (store.measure) return
  const expect = (what, is) => {
    if (!is) throw new Error(`${store.name} does not ${what}`)
  }
  const id = await store.create(store.data)
  await store.update(id, 1)
  await store.touch?.(id)
  expect('keep a session', (await store.read(id)) === 'Ada Lovelace' && (await store.n(id)) === 1)
  await store.destroy(id)
  expect('forget a destroyed session', !(await store.retrieve(id)))
  expect('refuse an unknown id', !(await store.retrieve(store.unknown ?? UNKNOWN)))
}

/** What Vitrine is compared to. */
const PEERS = ['MemoryStore', 'session-file-store']
const peers = [
  ...vitrineStores,
  ...expressSessionStores,
  ...fileStores,
  ...databases,
  ...languages,
].filter(({ name }) => isWanted(name) || PEERS.some((peer) => name.includes(peer)))
const cells = []
const notes = []
const results = []
const opened = []
for (const bytes of sizes) {
  const data = harness.dataOf(bytes)
  const absent = []
  const stores = await harness.openAll(
    peers,
    async (peer) => ({
      data,
      bytes,
      ...(await peer.open(fs.mkdtempSync(path.join(dir, 's-')), data)),
    }),
    absent,
  )
  if (opened.length === 0) notes.push(...absent)
  opened.push(...stores)
}
for (const store of opened) {
  await check(store)
  for (const lanes of store.measure ? [1] : [1, AT_ONCE]) {
    for (const [operation, { needs }] of Object.entries(operations)) {
      if (!store.measure && !store[needs]) continue
      cells.push({ label: `${store.bytes} B ${store.name}: ${operation}`, store, operation, lanes })
    }
  }
}

const measured = await harness.interleave(rounds, cells, measure)
for (const store of opened) await store.close?.()
rewriter.disconnect()

const figures = new Map()
const keyOf = (name, bytes, operation, lanes) => [name, bytes, operation, lanes].join('\n')
for (const [{ store, operation, lanes }, cell] of measured) {
  const microseconds = cell.map(({ us }) => us)
  if (microseconds[0] === undefined) continue
  const { name, bytes } = store
  figures.set(keyOf(name, bytes, operation, lanes), harness.median(microseconds))
  const cpu = cell.map((one) => one.cpu)
  results.push({ store: name, bytes, operation, atOnce: lanes, microseconds, cpu })
}

const both = (show, operation) => [1, AT_ONCE].map((lanes) => show(operation, lanes)).join(' / ')
const columns = (show) =>
  Object.fromEntries(Object.entries(TITLES).map(([key, title]) => [title, both(show, key)]))

const namesOf = (part) => [
  ...new Set(opened.map(({ name }) => name).filter((name) => name.includes(part))),
]
const [[memory], [files]] = PEERS.map(namesOf)
const sections = sizes.flatMap((bytes) => {
  const us = (name) => (operation, lanes) => figures.get(keyOf(name, bytes, operation, lanes))
  const shown = (name) => (operation, lanes) => harness.digits(us(name)(operation, lanes))
  const faster = (name, peer) => (operation, lanes) =>
    harness.times(us(peer)(operation, lanes) / us(name)(operation, lanes))
  return [
    {
      title: `### ${bytes} bytes: microseconds for one, one after another / ${AT_ONCE} at once`,
      rows: opened
        .filter((store) => store.bytes === bytes)
        .map((store) => ({ store: store.name, ...columns(shown(store.name)) })),
    },
    {
      title: `### ${bytes} bytes: how many times as fast`,
      rows: namesOf('vitrine').flatMap((name) =>
        [memory, files].map((peer) => ({
          store: name,
          against: peer,
          ...columns(faster(name, peer)),
        })),
      ),
    },
  ]
})
sections.push({
  title: '### What each does for it',
  rows: opened
    .filter((store) => store.bytes === sizes[0])
    .map((store) => ({
      store: store.name,
      fsync: store.fsync,
      'fresh copy': store.copy,
      'sees what other processes write': store.others,
    })),
})
await harness.report({
  bench: 'stores',
  title: 'what one operation costs',
  dir,
  rounds,
  sections: sections.filter((section) => section.rows.length > 0), // --only may leave no store of ours
  notes,
  results,
})
process.exit(0)
