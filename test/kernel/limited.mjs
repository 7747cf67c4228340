// A process that does what it is told, under whatever limits and with whatever clock it was started.
// usage: node limited.mjs DIST DIR, with an IPC channel
import fs from 'node:fs'

const [dist, dir] = process.argv.slice(2)
const { createEngine, jsonStore } = await import(`${dist}/index.js`)

const open = () => createEngine({ store: jsonStore(dir), report() {} })
const engine = open()
const hogged = []

const deeds = {
  async create() {
    return (await engine.create({ n: 1 })).id
  },
  /** What is in the session, read from the disk; `null`: there is none. */
  async read(id) {
    return (await open().retrieve(id))?.data.n ?? null
  },
  async update(id, { n, size }) {
    const session = await engine.retrieve(id)
    session.data = { n, filler: 'x'.repeat(size) }
    await engine.flush(session)
  },
  async destroy(id) {
    const fresh = open() // which remembers nothing
    await fresh.destroy(await fresh.retrieve(id))
  },
  async count(id, name) {
    const session = await engine.retrieve(id)
    session.update((data) => void (data[name] = (data[name] ?? 0) + 1))
    await engine.flush(session)
  },
  async counts(id) {
    return { ...(await open().retrieve(id)).data }
  },
  reap: () => jsonStore(dir).reap(Date.now()),
  /** Takes all the descriptors there are. */
  hog() {
    try {
      for (;;) hogged.push(fs.openSync('/dev/null', 'r'))
    } catch (error) {
      return error.code
    }
  },
  free() {
    for (const fd of hogged.splice(0)) fs.closeSync(fd)
  },
}

async function done({ what, id, more }) {
  try {
    process.send({ value: await deeds[what](id, more) })
  } catch (error) {
    const { name, code, message, cause, stack } = error
    process.send({ error: { name, code, message, cause: cause?.code, stack } })
  }
}

process.on('message', (deed) => void done(deed))
process.on('disconnect', () => process.exit(0))
process.send({ value: 'ready' })
