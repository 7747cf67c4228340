// What it costs to sweep expired sessions away, and to work beside so many. usage: npm run bench -- reap [SESSIONS]
import { fork } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import * as harness from './harness.mjs'

const { numbers, rounds, dir } = harness.commandLine()
const [many = 100_000] = numbers
const FEW = 1000
const SAMPLES = 100 // of each operation in each round
const LIMIT = 60_000 // ms for one reap
const expired = Math.ceil(many / 10)

/** Does one step in a process of its own. */
async function step(task) {
  const child = fork(path.join(import.meta.dirname, 'children', 'reaping.mjs'))
  child.send(task)
  return harness.answerOf(child)
}

const names = {
  vitrine: 'vitrine, JSON files',
  'session-file-store': harness.named('session-file-store'),
}
const notes = [
  `one of ten sessions is expired, 300 bytes each; a reap gets ${LIMIT / 1000} s, what is left is reckoned from what was done`,
  'reaping is done once; only the costs are medians of rounds',
]
const full = []
for (const name of Object.keys(names)) {
  for (const count of [FEW, many]) {
    harness.progress(`filling a directory with ${count} sessions: ${names[name]}`)
    const home = fs.mkdtempSync(path.join(dir, 'full-'))
    const live = await step({ step: 'fill', name, dir: home, count, keep: SAMPLES * rounds })
    full.push({ name, count, dir: home, live })
  }
}

/** Sessions that were not used before, from all over the directory. */
function sample({ live }, round) {
  return Array.from({ length: SAMPLES }, (_, n) => live[(n * rounds + round) % live.length])
}

const cells = full.map((place) => ({
  label: `${place.count} sessions: ${names[place.name]}`,
  place,
  round: 0,
}))
const measured = await harness.interleave(rounds, cells, (cell) => {
  const { name, dir: home } = cell.place
  return step({ step: 'cost', name, dir: home, ids: sample(cell.place, cell.round++) })
})
const costs = [...measured].map(([{ place }, cell]) => ({
  store: names[place.name],
  sessions: place.count,
  ...Object.fromEntries(
    ['create', 'read', 'update'].map((operation) => [operation, cell.map((one) => one[operation])]),
  ),
}))

const reaps = []
harness.progress('waiting until all of that is on the disk')
harness.ask('sync') // else the sweep that comes first pays for it
harness.progress('listening to the machine')
const silence = await step({ step: 'reap', name: 'idle', dir, count: 0, limit: LIMIT })
for (const { name, count, dir: home } of full.filter((place) => place.count === many)) {
  harness.progress(`reaping ${count} sessions: ${names[name]}`)
  const reap = await step({ step: 'reap', name, dir: home, count, limit: LIMIT })
  const whole = reap.over ? reap.ms : reap.ms * (expired / Math.max(1, reap.removed))
  reaps.push({ store: names[name], sessions: count, ...reap, whole })
  if (reap.over && reap.removed !== expired) {
    throw new Error(`${names[name]} removed ${reap.removed} of ${expired}`)
  }
}
harness.progress()

const sections = [
  {
    title: `### Sweeping ${many.toLocaleString('en-US')} sessions`,
    rows: [
      {
        store: '(nothing: the machine alone)',
        'time, s': '-',
        'CPU, s': '-',
        removed: '-',
        'longest delay of the event loop, ms': harness.digits(silence.delay),
        'longest gap between timers, ms': harness.digits(silence.gap),
        'memory grown by, MB': harness.digits(silence.grown / 1e6),
      },
      ...reaps.map((reap) => ({
        store: reap.store,
        'time, s': (reap.over ? '' : '~') + harness.digits(reap.whole / 1000),
        'CPU, s':
          (reap.over ? '' : '~') + harness.digits((reap.cpu * (reap.whole / reap.ms)) / 1000),
        removed: reap.removed.toLocaleString('en-US'),
        'longest delay of the event loop, ms': harness.digits(reap.delay),
        'longest gap between timers, ms': harness.digits(reap.gap),
        'memory grown by, MB': harness.digits(reap.grown / 1e6),
      })),
    ],
  },
  {
    title: '### Working beside so many: microseconds for one session, used for the first time',
    rows: costs.map(({ store, sessions, ...of }) => ({
      store,
      sessions: sessions.toLocaleString('en-US'),
      ...Object.fromEntries(
        Object.entries(of).map(([key, us]) => [key, harness.digits(harness.median(us))]),
      ),
    })),
  },
]
const [our, their] = reaps
notes.push(`vitrine sweeps ${harness.times(their.whole / our.whole)} as fast as session-file-store`)
for (const { store, over, removed } of reaps) {
  if (!over) notes.push(`~ ${store} was not done: ${removed} of ${expired} were removed`)
}
const results = { silence, reaps, costs }
await harness.report({
  bench: 'reap',
  title: 'sweeping expired sessions away',
  dir,
  rounds,
  sections,
  notes,
  results,
})
