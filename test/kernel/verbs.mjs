// What can be done to a session, and how to tell from the files whether it was done. For the processes that
// are failed, killed and stopped in the middle of it.
import fs from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'

/** So that a part of a file would be noticed. */
const FILLER = 'x'.repeat(3000)

/** So much faster runs the clock that leases and pauses go by. */
const HURRY = 50

/**
 * @param api the compiled package: what `index.js` and `files.js` export
 * @param ahead how far the app's clock is ahead, in ms
 */
export function appAt(dir, { createSessions, jsonStore, nodeIo }, ahead = 0, durability = 'power') {
  const io = {
    ...nodeIo,
    elapsed: () => nodeIo.elapsed() * HURRY,
    sleep: (ms) => nodeIo.sleep(ms / HURRY),
  }
  const store = jsonStore({ dir, io, durability })
  const sessions = createSessions({ store, report() {}, now: () => Date.now() + ahead })
  return { store, sessions, engine: sessions.engine }
}

/** Every session file, parsed: a torn or empty one throws. */
export function filesIn(dir) {
  const files = new Map()
  for (const name of fs.existsSync(dir) ? fs.readdirSync(dir) : []) {
    if (!name.endsWith('.json')) continue
    const file = JSON.parse(fs.readFileSync(path.join(dir, name), 'utf8'))
    if (`${file.id}.json` !== name) throw new Error('a file under another name')
    files.set(file.id, file)
  }
  return files
}

/** What lies there beside sessions, and should not once everything has been swept. */
export function leftoversIn(dir) {
  const own = path.join(dir, '.vitrine')
  const inside = (folder) =>
    fs.readdirSync(path.join(own, folder)).map((name) => `${folder}/${name}`)
  const strangers = fs
    .readdirSync(dir)
    .filter((name) => !name.endsWith('.json') && !['.gitignore', '.vitrine'].includes(name))
  const broken = inside('locks').filter((lock) => fs.readdirSync(path.join(own, lock)).length !== 1)
  return [...strangers, ...inside('tmp'), ...inside('quarantine'), ...broken]
}

/** Lets what a dead process left behind look old, and sweeps. */
export async function sweep(dir, { store }) {
  const tmp = path.join(dir, '.vitrine', 'tmp')
  for (const name of fs.readdirSync(tmp)) fs.utimesSync(path.join(tmp, name), 1, 1)
  await store.reap(Date.now())
}

/** Whatever happened: from now on everything must work again. */
export async function again({ engine, store }, dir) {
  const fresh = await engine.create({ again: 0 })
  fresh.data.again = 1
  await engine.flush(fresh)
  for (const [id, { retired }] of filesIn(dir)) {
    const session = await engine.retrieve(id)
    if (retired || session === null) continue
    session.data.after = true
    await engine.flush(session)
    if (filesIn(dir).get(id).data.after !== true) throw new Error('it was not stored')
    await engine.destroy(session)
  }
  await store.reap(Date.now())
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Talks to the shim, which answers every command alike. */
export function shim(command) {
  try {
    fs.openSync(`/shim/${command}`, 'r')
  } catch (error) {
    if (error.code === 'ENOENT' && process.env.SHIM_LOG) return
  }
  throw new Error('the shim is not there')
}

async function started({ engine }, data) {
  const session = await engine.create({ ...data, filler: FILLER })
  return session.id
}

/** Most requests find the directory looked after already. */
const ready = ({ engine }) => engine.init()

const has = (file, data) =>
  file !== undefined && isDeepStrictEqual(file.data, { ...data, filler: FILLER })

/**
 * `before` sets the stage, `act` is interrupted; `old` and `done` tell the state from the files, and `together`
 * whether another process's three changes are in it as well. What `prepare` returns a request already holds.
 */
export const verbs = {
  create: {
    before: async () => null,
    act: ({ engine }) => started({ engine }, { n: 1 }),
    old: (files) => files.size === 0,
    done: (files) => files.size === 1 && has([...files.values()][0], { n: 1 }),
  },
  update: {
    before: (app) => started(app, { n: 1 }),
    async act({ engine }, id) {
      const session = await engine.retrieve(id)
      session.data.n = 2
      await engine.flush(session)
    },
    old: (files, id) => has(files.get(id), { n: 1 }),
    done: (files, id) => has(files.get(id), { n: 2 }),
    together: (files, id) => has(files.get(id), { n: 2, theirs: 3 }),
  },
  merge: {
    before: (app) => started(app, { a: 0, b: 0 }),
    async prepare({ engine }, id, other) {
      const session = await engine.retrieve(id)
      session.data.a = 1
      const theirs = await other.engine.retrieve(id)
      theirs.data.b = 1
      await other.engine.flush(theirs)
      return session
    },
    act: ({ engine }, _, session) => engine.flush(session),
    old: (files, id) => has(files.get(id), { a: 0, b: 1 }),
    done: (files, id) => has(files.get(id), { a: 1, b: 1 }),
  },
  touch: {
    ahead: 300_000,
    prepare: ready,
    before: (app) => started(app, { n: 1 }),
    async act({ sessions }, id) {
      const session = await sessions.open({ headers: new Headers({ cookie: `id=${id}` }) })
      await sessions.commit(session)
    },
    old: (files, id) => has(files.get(id), { n: 1 }) && !isTouched(files.get(id)),
    done: (files, id) => has(files.get(id), { n: 1 }) && isTouched(files.get(id)),
  },
  renew: {
    prepare: ready,
    before: (app) => started(app, { n: 1 }),
    async act({ engine }, id) {
      const session = await engine.retrieve(id)
      session.renew()
      await engine.flush(session)
      if (session.id === id) throw new Error('the id is the same')
    },
    old: (files, id) => has(files.get(id), { n: 1 }),
    done: (files, id) => isRenewed(files, id, { n: 1 }),
    together: (files, id, stored) =>
      isRenewed(files, id, { n: 1 }, stored ? { theirs: 3 } : {}) ||
      (!stored && [1, 2].some((theirs) => isRenewed(files, id, { n: 1, theirs }))),
  },
  destroy: {
    prepare: ready,
    before: (app) => started(app, { n: 1 }),
    async act({ engine }, id) {
      await engine.destroy(await engine.retrieve(id))
    },
    old: (files, id) => has(files.get(id), { n: 1 }),
    done: (files) => files.size === 0,
    together: (files) => files.size === 0,
  },
  reap: {
    async before(app, dir, api) {
      const id = await started(app, { n: 1 })
      await started(appAt(dir, api, -86_400_000), { n: 0 })
      return id
    },
    act: ({ store }) => store.reap(Date.now()),
    old: (files, id) => files.size === 2 && has(files.get(id), { n: 1 }),
    done: (files, id) => files.size === 1 && has(files.get(id), { n: 1 }),
  },
}

/** Whether the old id is retired, and the data stands under one other. */
function isRenewed(files, id, data, more = {}) {
  const heirs = [...files.values()].filter((file) => has(file, { ...data, ...more }))
  return files.size === 2 && files.get(id)?.retired === true && heirs.length === 1
}

function isTouched(file) {
  return Date.parse(file.expires) - Date.parse(file.created) > 7_200_000 + 240_000
}
