// Stores with the interface of express-session, ours among them.
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import expressSession from 'express-session'
import memorystore from 'memorystore'
import sessionFileStore from 'session-file-store'
import { ExpressSessionStore } from '../../dist/express-session.js'
import { jsonStore } from '../../dist/index.js'
import { named } from '../harness.mjs'
import { redisStore, startRedis } from './redis.mjs'

const MAX_AGE = 7_200_000

/** The settings of session-file-store are its own, but for the log and the timer. */
export function fileStoreAt(dir) {
  const FileStore = sessionFileStore(expressSession)
  return new FileStore({ path: dir, logFn() {}, reapInterval: -1 })
}

const theirs = (name, facts, storeIn, fileOf) => ({
  name,
  copy: 'each time',
  ...facts,
  async open(dir, data, socket) {
    const { store, close = () => {} } = await storeIn(dir, socket)
    const call = (method, ...args) =>
      new Promise((resolve, reject) => {
        store[method](...args, (error, value) => {
          if (error) reject(new Error(`${name}: ${method} failed`, { cause: error }))
          else resolve(value)
        })
      })
    const touched = new Map()
    return {
      async create(data) {
        const id = randomBytes(24).toString('base64url')
        const cookie = new expressSession.Cookie({ maxAge: MAX_AGE })
        await call('set', id, { cookie, ...data })
        return id
      },
      // session-file-store answers an unknown id with an error
      retrieve: (id) => call('get', id).catch(() => null),
      read: async (id) => (await call('get', id)).user.name,
      n: async (id) => (await call('get', id)).n,
      async update(id, n) {
        const session = await call('get', id)
        session.n = n
        await call('set', id, session)
      },
      async touch(id) {
        if (!touched.has(id)) touched.set(id, await call('get', id))
        const session = touched.get(id)
        session.cookie.expires = new Date(Date.now() + MAX_AGE)
        await call('touch', id, session)
      },
      async destroy(id) {
        touched.delete(id)
        await call('destroy', id)
      },
      ...(fileOf && { fileOf: (id) => fileOf(dir, id) }),
      close,
    }
  },
})

export const expressSessionStores = [
  theirs(
    'vitrine as a store of express-session, JSON files',
    { fsync: 'no', others: 'yes' },
    (dir) => ({
      store: new ExpressSessionStore(jsonStore(dir), { report: () => {} }),
    }),
  ),
  theirs(
    `express-session MemoryStore ${named('express-session').split(' ')[1]}`,
    { fsync: '-', others: 'no' },
    () => ({ store: new expressSession.MemoryStore() }),
  ),
  theirs(named('memorystore'), { fsync: '-', others: 'no' }, () => {
    const Store = memorystore(expressSession)
    return { store: new Store({ checkPeriod: 0 }) }
  }),
  theirs(
    named('session-file-store'),
    { fsync: 'file', others: 'yes' },
    (dir) => ({ store: fileStoreAt(dir) }),
    (dir, id) => path.join(dir, `${id}.json`),
  ),
  theirs(
    named('connect-redis'),
    { fsync: 'no', others: 'yes', service: startRedis },
    (dir, socket) => redisStore(socket),
  ),
]
