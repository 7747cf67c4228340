// What merging costs, alone and between processes. usage: npm run bench -- merge [BYTES]
import { deepStrictEqual } from 'node:assert'
import fs from 'node:fs'
import { merge } from '../dist/core.js'
import { createEngine, jsonStore } from '../dist/index.js'
import * as harness from './harness.mjs'

const { numbers, rounds, dir } = harness.commandLine()
const [bytes = 65_536] = numbers
const SLICE = 200 // ms of each cell in each round
const WARM = 200
const CONTENTION = 1000 // ms of several processes on one session
const WARM_WRITER = 3000 // ms of each process alone, before

/** Objects merge path by path, an array is one value: so the cart is an object here. */
const { user, cart } = harness.dataOf(bytes)
const data = { user, cart: Object.fromEntries(cart.map((item) => [item.sku, item])) }
const text = JSON.stringify(data)

/** Three states that were each parsed from the disk and share nothing: the longest way. */
const [base, mine, theirs, both] = [text, text, text, text].map((json) => JSON.parse(json))
for (const one of [mine, both]) {
  one.user.role = 'admin'
  one.cart['VIT-0'].qty = 2
}
for (const one of [theirs, both]) one.cart['VIT-1'].qty = 3

const settle = () => {
  throw new Error('There is a conflict')
}
deepStrictEqual(merge(base, mine, theirs, settle).data, both)

/** Microseconds for one. */
function measureAlone({ run }) {
  let count = 0
  const begin = performance.now()
  let elapsed = 0
  while ((elapsed = performance.now() - begin) < SLICE) {
    run()
    count++
  }
  return (elapsed / count) * 1000
}

const parsing = { label: 'JSON.parse', run: () => JSON.parse(text) }
const merging = { label: 'merge', run: () => merge(base, mine, theirs, settle) }
for (const cell of [parsing, merging]) for (let n = 0; n < WARM; n++) cell.run()
const alone = await harness.interleave(rounds, [parsing, merging], measureAlone)

/** The same processes write in all rounds, so that their code is hot; those that are not asked sleep. */
const writers = Array.from({ length: 4 }, () => harness.start('writer.mjs', [dir]))
await Promise.all(writers.map((writer) => harness.answerOf(writer)))

/** Some processes change one session at once. @returns how many commits, and how many of them are not there */
async function contend(some, kind, ms) {
  const engine = createEngine({ store: jsonStore(dir), report: () => {} })
  const { id } = await engine.create({ ...harness.dataOf(1024), count: 0 })
  const answers = some.map((writer) => harness.answerOf(writer))
  for (const [me, writer] of some.entries()) writer.send({ id, me, kind, ms })
  const commits = await Promise.all(answers)
  const session = await engine.retrieve(id)
  const made = commits.reduce((sum, count) => sum + count, 0)
  const kept =
    kind === 'counter'
      ? session.data.count
      : commits.reduce((sum, _, n) => sum + Number(session.data[`writer${n}`]), 0)
  await engine.destroy(session)
  await engine[Symbol.asyncDispose]()
  return { perSecond: (made / ms) * 1000, lost: made - kept }
}

const kinds = { 'a key of its own': 'key', 'one counter, with update()': 'counter' }
const cells = Object.entries(kinds).flatMap(([title, kind]) =>
  [1, 2, 4].map((processes) => ({
    label: `${processes} processes, ${title}`,
    title,
    processes,
    kind,
  })),
)
for (const kind of Object.values(kinds)) {
  for (const [n, writer] of writers.entries()) {
    harness.progress(`warming up  ${kind}, process ${n}`)
    await contend([writer], kind, WARM_WRITER)
  }
  await contend(writers, kind, WARM_WRITER)
}
const contended = await harness.interleave(rounds, cells, ({ processes, kind }) =>
  contend(writers.slice(0, processes), kind, CONTENTION),
)
for (const writer of writers) writer.disconnect()
const leftovers = fs.readdirSync(dir).filter((name) => name.endsWith('.json'))
if (leftovers.length > 0) throw new Error('A destroyed session is there')

const us = (cell) => harness.median(alone.get(cell))
const sections = [
  {
    title: `### Two states of ${text.length} bytes that differ in 3 paths`,
    rows: [parsing, merging].map((cell) => ({
      '': cell.label,
      us: harness.digits(us(cell)),
      'of JSON.parse': harness.times(us(cell) / us(parsing)),
    })),
  },
  {
    title: '### Processes that read, change and store one session of 1 kB, as fast as they can',
    rows: [...contended].map(([{ title, processes }, cell]) => ({
      'each changes': title,
      processes,
      'commits/s of all': harness.digits(harness.median(cell.map(({ perSecond }) => perSecond))),
      'lost, in all rounds': cell.reduce((sum, { lost }) => sum + lost, 0),
    })),
  },
]
const notes = [
  `the processes share ${harness.facts(dir, rounds).cores} cores with each other and with whatever else runs`,
]
const results = {
  parse: alone.get(parsing),
  merge: alone.get(merging),
  contention: [...contended].map(([{ processes, kind }, runs]) => ({ processes, kind, runs })),
}
await harness.report({
  bench: 'merge',
  title: 'two states of one session',
  dir,
  rounds,
  sections,
  notes,
  results,
})
