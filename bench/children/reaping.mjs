// One step of the bench `reap` in a process of its own, so that its memory is its own: fill, cost, or reap.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createId, jsonStore } from '../../dist/index.js'
import { dataOf, median } from '../harness.mjs'
import { expressSessionStores, fileStoreAt } from '../peers/express-session.mjs'
import { vitrineStores } from '../peers/vitrine.mjs'

const require = createRequire(import.meta.url)
const data = dataOf(300)
const HOUR = 3_600_000

/** Every tenth session is expired. */
const isExpired = (n) => n % 10 === 0

const stores = {
  vitrine: {
    peer: vitrineStores[0],
    /** What it writes for a session that goes on and for one that is over is written again under other ids. */
    async fill(dir, count) {
      const store = jsonStore(dir)
      await store.init(() => {})
      const texts = []
      for (const ends of [24 * HOUR, -HOUR]) {
        const id = createId()
        const createdAt = Date.now() - 2 * HOUR
        const record = { data, createdAt, expiresAt: Date.now() + ends, revision: 1 }
        await store.write(id, record, null)
        texts.push(fs.readFileSync(path.join(dir, `${id}.json`), 'utf8').replace(id, '$id'))
        await store.delete(id)
      }
      const live = []
      for (let n = 0; n < count; n++) {
        const id = createId()
        const text = texts[isExpired(n) ? 1 : 0].replace('$id', id)
        fs.writeFileSync(path.join(dir, `${id}.json`), text, { mode: 0o600 })
        if (!isExpired(n)) live.push(id)
      }
      return live
    },
    async reap(dir) {
      const store = jsonStore(dir)
      await store.init(() => {})
      await store.reap(Date.now())
    },
  },
  'session-file-store': {
    peer: expressSessionStores.find(({ name }) => name.startsWith('session-file-store')),
    /** Its own `set` syncs every file: what it would write is written without. */
    fill(dir, count) {
      const live = []
      const cookie = { originalMaxAge: 24 * HOUR, httpOnly: true, path: '/' }
      for (let n = 0; n < count; n++) {
        const id = randomBytes(24).toString('base64url')
        const __lastAccess = Date.now() - (isExpired(n) ? 25 : 1) * HOUR
        const file = path.join(dir, `${id}.json`)
        fs.writeFileSync(file, JSON.stringify({ cookie, ...data, __lastAccess }))
        if (!isExpired(n)) live.push(id)
      }
      return live
    },
    reap(dir) {
      const { reap } = require('session-file-store/lib/session-file-helpers')
      return new Promise((resolve) => reap(fileStoreAt(dir).options, resolve))
    },
  },
}

const countIn = async (dir) => {
  let count = 0
  for await (const { name } of await fs.promises.opendir(dir)) if (name.endsWith('.json')) count++
  return count
}

/** Microseconds for each of 100 creates, reads and updates; every session is used for the first time. */
async function cost({ peer }, dir, ids) {
  const store = await peer.open(dir)
  const timed = async (list, run) => {
    const us = []
    for (const item of list) {
      const begin = performance.now()
      await run(item)
      us.push((performance.now() - begin) * 1000)
    }
    return median(us)
  }
  const made = []
  const create = await timed(ids, async () => made.push(await store.create(data)))
  const read = await timed(ids, (id) => store.read(id))
  const update = await timed(ids, (id) => store.update(id, 1))
  for (const id of made) await store.destroy(id)
  await store.close?.()
  return { create, read, update }
}

/** What the machine alone does to an event loop. */
const idle = () => sleep(1000)

/** @param limit ms after which it is not waited for any longer */
async function reap(work, { dir, count, limit }) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const before = process.memoryUsage().rss
  let gap = 0
  let last = performance.now()
  const look = setInterval(() => {
    gap = Math.max(gap, performance.now() - last)
    last = performance.now()
  }, 1)
  delay.enable()
  const cpu = process.cpuUsage()
  const begin = performance.now()
  const over = await Promise.race([work(dir).then(() => true), sleep(limit, false)])
  const ms = performance.now() - begin
  const { user, system } = process.cpuUsage(cpu)
  await sleep(20) // the last delay is seen when the loop turns again
  delay.disable()
  clearInterval(look)
  const grown = Math.max(0, process.resourceUsage().maxRSS * 1024 - before)
  const removed = work === idle ? 0 : count - (await countIn(dir))
  return { ms, cpu: (user + system) / 1000, over, removed, delay: delay.max / 1e6, gap, grown }
}

process.on('disconnect', () => process.exit(1)) // nobody waits any longer

const steps = {
  /** @returns so many of the live sessions, from all over the directory: a million ids are no message */
  async fill({ name, dir, count, keep }) {
    const live = await stores[name].fill(dir, count)
    const stride = Math.max(1, Math.floor(live.length / keep))
    return live.filter((_, n) => n % stride === 0).slice(0, keep)
  },
  cost: ({ name, dir, ids }) => cost(stores[name], dir, ids),
  reap: ({ name, ...task }) => reap(stores[name]?.reap ?? idle, task),
}

const { step, ...task } = await new Promise((given) => process.once('message', given))
const result = await steps[step](task)
process.send(result, () => process.exit(0))
