// What the stores cost, side by side. usage: npm run bench -- stores [BYTES …]
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import * as harness from './harness.mjs'
import { stores } from './peers/stores.mjs'

const { numbers, rounds, dir, isWanted } = harness.commandLine({ rounds: 3 })
const sizes = numbers.length > 0 ? numbers : [1024, 4096, 65_536]
const AT_ONCE = 32
/** Ends the loop of a cell: so many ms of the operation itself, of everything, or so many operations. */
const SLICE = { busy: 100, all: 400, count: 1e9 }
/** The same before the rounds: by then the code is hot, or has had its time. */
const WARM = { busy: 1200, all: 1200, count: 4000 }

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

/** What stores need beside them, started once for the run. */
const services = new Map()
async function socketOf({ service }) {
  if (!service) return ''
  if (!services.has(service)) services.set(service, await service())
  return services.get(service).socket
}

/** Opens a store in a process of its own, which sleeps until it is asked. */
async function start(peer, bytes) {
  const home = fs.mkdtempSync(path.join(dir, 's-'))
  const child = harness.start('storing.mjs', [peer.name, bytes, home, await socketOf(peer)], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { absent, title, measuresItself, has } = await harness.answerOf(child, peer.name)
  if (absent) throw new harness.Absent(absent)
  return { bytes, child, name: title ?? peer.name, lanes: measuresItself ? [1] : [1, AT_ONCE], has }
}

async function stop({ child }) {
  const ended = once(child, 'exit')
  child.disconnect()
  await ended
}

async function ask({ label, store, operation, lanes }, limits) {
  const answer = harness.answerOf(store.child, label)
  store.child.send({ operation, lanes, limits }, () => {}) // the answer fails when this does
  return answer
}

/** @returns the cells that there are: a store that measures itself says only when it is asked */
async function warmUp(cells) {
  const warm = []
  for (const cell of cells) {
    harness.progress(`warming up  ${cell.label}`)
    const { us } = await ask(cell, WARM)
    if (us !== undefined) warm.push(cell)
  }
  return warm
}

/** What Vitrine is compared to. */
const PEERS = ['MemoryStore', 'session-file-store']
const peers = stores.filter(
  ({ name }) => isWanted(name) || PEERS.some((peer) => name.includes(peer)),
)
const notes = []
const results = []
const opened = []
const figures = new Map()
const keyOf = (name, bytes, operation, lanes) => [name, bytes, operation, lanes].join('\n')
for (const bytes of sizes) {
  const absent = []
  const running = await harness.openAll(peers, (peer) => start(peer, bytes), absent)
  if (opened.length === 0) notes.push(...absent)
  opened.push(...running)
  const cells = running.flatMap((store) =>
    store.lanes.flatMap((lanes) =>
      store.has.map((operation) => ({
        label: `${bytes} B ${store.name}: ${operation}`,
        store,
        operation,
        lanes,
      })),
    ),
  )
  const measured = await harness.interleave(rounds, await warmUp(cells), (cell) => ask(cell, SLICE))
  for (const [{ store, operation, lanes }, cell] of measured) {
    const microseconds = cell.map(({ us }) => us)
    const cpu = cell.map((one) => one.cpu)
    figures.set(keyOf(store.name, bytes, operation, lanes), harness.median(microseconds))
    results.push({ store: store.name, bytes, operation, atOnce: lanes, microseconds, cpu })
  }
  await Promise.all(running.map(stop))
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
