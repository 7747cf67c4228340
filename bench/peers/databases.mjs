// Embedded databases, with the least that keeps JSON under an id: no session library on top.
import path from 'node:path'
import { open as openLmdb } from 'lmdb'
import { Absent, named } from '../harness.mjs'

const IDLE = 7_200_000

async function betterSqlite3() {
  try {
    const { default: Database } = await import('better-sqlite3')
    new Database(':memory:').close()
    return Database
  } catch (error) {
    throw new Absent(`its native part is not there: ${error.message.split('\n')[0]}`)
  }
}

function nameOfSqlite() {
  try {
    return named('better-sqlite3')
  } catch {
    return 'better-sqlite3'
  }
}

const sqlite = (synchronous, fsync) => ({
  name: `${nameOfSqlite()}, WAL, ${synchronous}`,
  fsync,
  copy: 'each time',
  others: 'yes',
  async open(dir) {
    const Database = await betterSqlite3()
    const db = new Database(path.join(dir, 'sessions.db'))
    db.pragma('journal_mode = WAL')
    db.pragma(`synchronous = ${synchronous}`)
    db.exec('CREATE TABLE sessions (id TEXT PRIMARY KEY, data TEXT NOT NULL, expires INTEGER)')
    const get = db.prepare('SELECT data FROM sessions WHERE id = ? AND expires > ?').pluck()
    const put = db.prepare('INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)')
    const touch = db.prepare('UPDATE sessions SET expires = ? WHERE id = ?')
    const remove = db.prepare('DELETE FROM sessions WHERE id = ?')
    const load = (id) => {
      const text = get.get(id, Date.now())
      return text === undefined ? null : JSON.parse(text)
    }
    const save = (id, data) => put.run(id, JSON.stringify(data), Date.now() + IDLE)
    return {
      async create(data) {
        const id = crypto.randomUUID()
        save(id, data)
        return id
      },
      retrieve: async (id) => load(id),
      read: async (id) => load(id).user.name,
      n: async (id) => load(id).n,
      async update(id, n) {
        const data = load(id)
        data.n = n
        save(id, data)
      },
      touch: async (id) => touch.run(Date.now() + IDLE, id),
      destroy: async (id) => remove.run(id),
      close: () => db.close(),
    }
  },
})

const lmdb = {
  name: named('lmdb'),
  fsync: 'yes',
  copy: 'each time',
  others: 'yes',
  async open(dir) {
    const db = openLmdb({ path: path.join(dir, 'lmdb'), encoding: 'json' })
    const load = (id) => {
      const entry = db.get(id)
      return entry && entry.expires > Date.now() ? entry.data : null
    }
    const save = (id, data) => db.put(id, { expires: Date.now() + IDLE, data })
    return {
      async create(data) {
        const id = crypto.randomUUID()
        await save(id, data)
        return id
      },
      retrieve: async (id) => load(id),
      read: async (id) => load(id).user.name,
      n: async (id) => load(id).n,
      async update(id, n) {
        const data = load(id)
        data.n = n
        await save(id, data)
      },
      touch: (id) => save(id, load(id)),
      destroy: (id) => db.remove(id),
      close: () => db.close(),
    }
  },
}

export const databases = [sqlite('NORMAL', 'no'), sqlite('FULL', 'yes'), lmdb]
