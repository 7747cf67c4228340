// The stores that are measured, each behind the same six operations.
import { createRequire } from 'node:module'
import path from 'node:path'
import { createEngine, jsonStore, memoryStore } from '../dist/index.js'

const require = createRequire(import.meta.url)

/** Data of about so many bytes as JSON, of the kind that sessions hold. */
export function dataOf(bytes) {
  const data = { user: { id: 1815, name: 'Ada Lovelace', role: 'customer' }, cart: [] }
  while (JSON.stringify(data).length < bytes) {
    data.cart.push({
      sku: `VIT-${data.cart.length}`,
      title: 'Display case, oak',
      qty: 1,
      price: 129,
    })
  }
  return data
}

const ourEngine = (name, note, storeIn) => ({
  name,
  note,
  open(dir) {
    const engine = createEngine({ store: storeIn(dir), report: () => {} })
    return {
      create: async (data) => (await engine.create(data)).id,
      retrieve: async (id) => void (await engine.retrieve(id)),
      read: async (id) => (await engine.retrieve(id)).data.user,
      async update(id, n) {
        const session = await engine.retrieve(id)
        session.data.n = n
        await engine.flush(session)
      },
      async destroy(id) {
        await engine.destroy(await engine.retrieve(id))
      },
      unknown: (id) => engine.retrieve(id),
    }
  },
})

const theirStore = (name, note, storeIn) => ({
  name,
  note,
  open(dir) {
    const store = storeIn(dir)
    const cookie = {
      originalMaxAge: 7_200_000,
      expires: new Date(Date.now() + 7_200_000),
      httpOnly: true,
      path: '/',
    }
    const call = (method, ...args) =>
      new Promise((resolve, reject) => {
        store[method](...args, (error, value) => {
          if (error) reject(new Error('The store failed', { cause: error }))
          else resolve(value)
        })
      })
    let made = 0
    return {
      async create(data) {
        const id = `${process.pid}-${made++}`.padStart(32, '0')
        await call('set', id, { cookie, ...data })
        return id
      },
      retrieve: (id) => call('get', id),
      read: async (id) => (await call('get', id)).user,
      async update(id, n) {
        const session = await call('get', id)
        session.n = n
        await call('set', id, session)
      },
      destroy: (id) => call('destroy', id),
      unknown: (id) => call('get', id).catch(() => null),
    }
  },
})

export const peers = [
  ourEngine(
    'vitrine, JSON files',
    'sees other processes and edits by hand; survives a killed process',
    (dir) => jsonStore(path.join(dir, 'vitrine')),
  ),
  ourEngine('vitrine, JSON files, durable', 'fsync of file and directory', (dir) =>
    jsonStore({ dir: path.join(dir, 'vitrine-power'), durability: 'power' }),
  ),
  ourEngine('vitrine, memory', 'this process only', () => memoryStore({ max: 1e6 })),
  theirStore('express-session MemoryStore', 'this process only', () => {
    return new (require('express-session').MemoryStore)()
  }),
  theirStore('memorystore', 'this process only', () => {
    const Store = require('memorystore')(require('express-session'))
    return new Store({ checkPeriod: 0 })
  }),
  theirStore('session-file-store', 'fsync of the file', (dir) => {
    const Store = require('session-file-store')(require('express-session'))
    return new Store({ path: path.join(dir, 'sfs'), logFn() {}, reapInterval: -1 })
  }),
]
