// Other libraries that keep sessions, or values, in files.
import path from 'node:path'
import { createFileSessionStorage } from '@react-router/node'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import { named } from '../harness.mjs'

/** Its interface takes a Cookie header and gives a Set-Cookie: this cookie is the bare id, so that nothing is encoded. */
const bareId = { name: 'id', isSigned: true, parse: (text) => text, serialize: (text) => text }

const reactRouter = {
  name: named('@react-router/node'),
  fsync: 'no',
  copy: 'each time',
  others: 'yes',
  async open(dir) {
    const { getSession, commitSession, destroySession } = createFileSessionStorage({
      dir,
      cookie: bareId,
    })
    return {
      async create(data) {
        const session = await getSession()
        for (const [key, value] of Object.entries(data)) session.set(key, value)
        return commitSession(session)
      },
      async retrieve(id) {
        const session = await getSession(id)
        return session.has('user') ? session : null
      },
      read: async (id) => (await getSession(id)).get('user').name,
      n: async (id) => (await getSession(id)).get('n'),
      async update(id, n) {
        const session = await getSession(id)
        session.set('n', n)
        await commitSession(session)
      },
      destroy: async (id) => void (await destroySession(await getSession(id))),
      unknown: 'a'.repeat(16),
      fileOf: (id) => path.join(dir, id.slice(0, 4), id.slice(4)),
    }
  },
}

/** Values by key: no sessions yet, no expiry. */
const unstorage = {
  name: `${named('unstorage')}, fs driver`,
  fsync: 'no',
  copy: 'each time',
  others: 'yes',
  async open(dir) {
    const storage = createStorage({ driver: fsDriver({ base: dir }) })
    return {
      async create(data) {
        const id = crypto.randomUUID()
        await storage.setItem(id, data)
        return id
      },
      retrieve: (id) => storage.getItem(id),
      read: async (id) => (await storage.getItem(id)).user.name,
      n: async (id) => (await storage.getItem(id)).n,
      async update(id, n) {
        const data = await storage.getItem(id)
        data.n = n
        await storage.setItem(id, data)
      },
      destroy: (id) => storage.removeItem(id),
      fileOf: (id) => path.join(dir, id),
      close: () => storage.dispose(),
    }
  },
}

export const fileStores = [reactRouter, unstorage]
