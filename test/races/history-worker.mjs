// One process of a recorded history: does operations on the sessions of a few jars, and writes down each of them.
// usage: node history-worker.mjs TASK, a JSON of what `history-run.ts` calls a Task
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep, setImmediate as breath } from 'node:timers/promises'

const task = JSON.parse(process.argv[2])
const { createEngine, createId, jsonStore } = await import(`${task.dist}/index.js`)
const { nodeIo } = await import(`${task.dist}/files.js`)

let state = task.seed
/** A whole number from 0 up to, not including, `below`. */
const random = (below) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}
const pick = (items) => items[random(items.length)]

/** A kernel whose clock ticks every 10 ms, over a disk that uses the same inodes again and again. */
const TICK = 10_000_000n
const coarse = (facts) =>
  facts &&
  Object.assign(Object.create(facts), {
    ino: facts.ino % 2n,
    ctimeNs: facts.ctimeNs - (facts.ctimeNs % TICK),
    mtimeNs: facts.mtimeNs - (facts.mtimeNs % TICK),
  })
const prepared = path.join(task.dir, '.vitrine', 'tmp')
const io = {
  ...nodeIo,
  ...(task.coarse && {
    fstat: (fd) => coarse(nodeIo.fstat(fd)),
    lstat: (file) => coarse(nodeIo.lstat(file)),
  }),
  ...(task.slow && {
    rename(from, to) {
      nodeIo.nap(from.startsWith(prepared) ? 0.6 : 0.1) // so whoever is stopped has a lock more often than not
      nodeIo.rename(from, to)
    },
  }),
}

let offset = 0
let planned = ''
const store = jsonStore({ dir: task.dir, io })
const engine = createEngine({
  store,
  idle: '20d',
  now: () => Date.now() + offset,
  createId: () => planned,
})

const over = new AbortController()
process.on('message', (message) => {
  if (message === 'stop') over.abort()
  else offset = message.offset
})
process.on('disconnect', () => process.exit(1))

const log = fs.openSync(task.log, 'a')
const now = () => Number(process.hrtime.bigint())
const write = (line) => fs.writeSync(log, `${JSON.stringify(line)}\n`)
let count = 0

/** Writes down that an operation begins; what it returns, that it is over. */
function begin(what, facts) {
  const n = count++
  write({ n, what, ...facts, from: now() })
  return (outcome, error) => write({ n, outcome, ...(error && { error }), until: now() })
}

async function retrieve(id) {
  const n = count++
  const from = now()
  const session = await engine.retrieve(id)
  const until = now()
  const { keys = {}, count: counted = 0, added = {} } = session?.data ?? {}
  const seen = { keys: { ...keys }, count: counted, added: Object.keys(added) }
  write({
    n,
    what: 'read',
    id,
    from,
    until,
    ...(session ? { outcome: 'ok', seen } : { outcome: 'fail' }),
  })
  return session
}

const jarOf = (slot) => path.join(task.jars, String(slot))
function read(slot) {
  try {
    return fs.readFileSync(jarOf(slot), 'utf8')
  } catch {
    return null
  }
}
function put(slot, id) {
  const file = `${jarOf(slot)}.${task.name}`
  fs.writeFileSync(file, id)
  fs.renameSync(file, jarOf(slot))
}

async function create(slot) {
  planned = createId()
  const id = planned
  const end = begin('create', { id })
  try {
    await engine.create({})
  } catch (error) {
    return end('info', `${error} ${error.cause?.stack}`)
  }
  end('ok')
  put(slot, id)
}

const changes = {
  read: () => undefined,
  touch: () => undefined,
  set: (session, { key, value }) => ((session.data.keys ??= {})[key] = value),
  remove: (session, { key }) => void (session.data.keys && delete session.data.keys[key]),
  add: (session, { value }) => ((session.data.added ??= {})[value] = 1),
  count: (session) =>
    session.update((data) => {
      data.count = (data.count ?? 0) + 1
    }),
  renew: (session) => session.renew(),
}

async function perform(slot, id, what) {
  if (what === 'read') return retrieve(id)
  const value = `${task.name}.${String(count).padStart(6, '0')}`
  const facts = { id }
  if (what === 'set' || what === 'remove') facts.key = pick(['a', 'b'])
  if (what === 'set' || what === 'add') facts.value = value
  if (what === 'renew') facts.next = planned = createId()
  const end = begin(what, facts)
  try {
    const session = await retrieve(id)
    if (!session) {
      end('fail')
      await create(slot)
      return
    }
    if (random(4) === 0) await sleep(random(3))
    if (what === 'destroy') await engine.destroy(session)
    else {
      changes[what](session, facts)
      await engine.flush(session)
    }
    end('ok')
  } catch (error) {
    return error.code === 'DESTROYED' ? end('fail') : end('info', `${error} ${error.cause?.stack}`)
  }
  if (what === 'renew') put(slot, facts.next)
  if (what === 'destroy') await create(slot)
}

async function reap() {
  const end = begin('reap', {})
  await store.reap(Date.now() + offset).then(
    () => end('ok'),
    (error) => end('info', `${error} ${error.cause?.stack}`),
  )
}

const mix = Object.entries(task.mix).flatMap(([what, share]) => Array(share).fill(what))
await engine.init()
process.send(0)
for (let done = 1; !over.signal.aborted; done++) {
  const slot = random(task.slots)
  const id = read(slot)
  const what = pick(mix)
  if (what === 'reap') await reap()
  else if (id === null) await create(slot)
  else await perform(slot, id, what)
  if (done % 20 === 0) process.send(20)
  await breath()
}
process.exit(0)
