// What the stores cost, side by side: the rounds of all of them are interleaved, so that whatever else the machine
// does hits all alike. usage: npm run bench -- stores [BYTES] [ROUNDS]
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { dataOf, peers } from './peers.mjs'

const [bytes = 1024, rounds = 5] = process.argv.slice(2).map(Number)
const SLICE = 150 // ms of each cell in each round
const UNKNOWN = 'a'.repeat(32)

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-bench-'))
const data = dataOf(bytes)
const stores = peers.map((peer) => ({ ...peer, ...peer.open(root) }))

/** Each takes the store and what it prepared, and does one thing. */
const operations = {
  'retrieve, hot': {
    prepare: (store) => store.create(data),
    run: (store, id) => store.retrieve(id),
  },
  'read a key, hot': { prepare: (store) => store.create(data), run: (store, id) => store.read(id) },
  update: { prepare: (store) => store.create(data), run: (store, id, n) => store.update(id, n) },
  create: { prepare: () => null, run: (store) => store.create(data) },
  'create and destroy': {
    prepare: () => null,
    run: async (store) => store.destroy(await store.create(data)),
  },
  'unknown id': { prepare: () => null, run: (store) => store.unknown(UNKNOWN) },
}

const measured = {}
let done = 0
const total = rounds * Object.keys(operations).length * stores.length
for (let round = 0; round < rounds; round++) {
  for (const [name, { prepare, run }] of Object.entries(operations)) {
    for (const store of stores) {
      const prepared = await prepare(store)
      await new Promise((resolve) => setTimeout(resolve, 30)) // a file is believed when it is 20 ms old
      let count = 0
      const begin = performance.now()
      let elapsed = 0
      while ((elapsed = performance.now() - begin) < SLICE) await run(store, prepared, count++)
      const cells = ((measured[name] ??= {})[store.name] ??= [])
      cells.push((elapsed / count) * 1000)
      done++
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} cells `)
    }
  }
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
fs.rmSync(root, { recursive: true })

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
const shown = (us) =>
  us < 10 ? us.toFixed(1) : us < 1000 ? us.toFixed(0) : `${(us / 1000).toFixed(1)}k`
const table = {}
for (const store of stores) {
  table[store.name] = Object.fromEntries(
    Object.entries(measured).map(([name, cells]) => [name, shown(median(cells[store.name]))]),
  )
}
const { version } = JSON.parse(fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
console.log(
  `Microseconds an operation, median of ${rounds} interleaved rounds, sessions of ${bytes} bytes`,
)
console.log(
  `vitrine ${version}, Node ${process.version}, ${os.cpus()[0]?.model}, ${os.cpus().length} cores`,
)
console.table(table)
for (const { name, note } of stores) console.log(`${name}: ${note}`)
