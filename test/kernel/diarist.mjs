// A process that works on sessions until it is killed or the disk fails, and keeps a diary on its output: a line
// before each deed and one after it. Waits for a line of input to begin.
// usage: node diarist.mjs DIST DIR SEED crash|power SHARED_ID
import fs from 'node:fs'
import { appAt, randomFrom } from './verbs.mjs'

const [dist, dir, seed, durability, shared = ''] = process.argv.slice(2)
const api = { ...(await import(`${dist}/index.js`)), ...(await import(`${dist}/files.js`)) }
const { engine, store } = appAt(dir, api, 0, durability)
const expired = appAt(dir, api, -86_400_000, durability)
const random = randomFrom(Number(seed))

const note = (entry) => fs.writeSync(1, `${JSON.stringify(entry)}\n`)

/** Notes what is going to be done, does it, and notes that it was acknowledged, with the time. */
async function deed(what, id, n, work) {
  note({ what, id, n })
  const now = await work()
  note({ what, id: now ?? id, from: id, n, at: Number(process.hrtime.bigint()) })
  return now
}

const content = (n) => ({ n, filler: 'x'.repeat(n % 5000) })

const own = new Map()
let count = Number(seed) * 100_000 // no two processes store the same
const deeds = {
  async create() {
    const n = ++count
    own.set(await deed('create', '', n, async () => (await engine.create(content(n))).id), n)
  },
  async update(id) {
    const n = ++count
    await deed('update', id, n, async () => {
      const session = await engine.retrieve(id)
      session.data = content(n)
      await engine.flush(session)
    })
    own.set(id, n)
  },
  async renew(id) {
    const n = own.get(id)
    own.delete(id)
    const next = await deed('renew', id, n, async () => {
      const session = await engine.retrieve(id)
      session.renew()
      return engine.flush(session)
    })
    own.set(next, n)
  },
  async destroy(id) {
    own.delete(id)
    await deed('destroy', id, 0, async () => {
      await engine.destroy(await engine.retrieve(id))
    })
  },
  async reap() {
    await expired.engine.create({ n: 0, filler: '' })
    await store.reap(Date.now())
  },
  async count() {
    await deed('count', shared, 1, async () => {
      const session = await engine.retrieve(shared)
      session.update((data) => void data.n++)
      await engine.flush(session)
    })
  },
}

fs.readSync(0, Buffer.alloc(8), 0, 8, null)
try {
  for (;;) {
    const ids = [...own.keys()]
    const id = ids[Math.floor(random() * ids.length)]
    const dice = random()
    if (shared && dice < 0.2) await deeds.count()
    else if (dice < 0.22) await deeds.reap()
    else if (ids.length < 3 || (dice < 0.3 && ids.length < 8)) await deeds.create()
    else if (dice < 0.4) await deeds.destroy(id)
    else if (dice < 0.5) await deeds.renew(id)
    else await deeds.update(id)
  }
} catch (error) {
  note({
    what: 'failed',
    id: '',
    n: 0,
    error: `${error.code} ${error.cause?.code} ${error.message}`,
  })
}
process.exit(0)
