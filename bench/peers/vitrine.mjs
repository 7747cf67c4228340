// Our stores, as an engine uses them.
import path from 'node:path'
import { createEngine, jsonStore, memoryStore } from '../../dist/index.js'

const IDLE = 7_200_000

/** @param storeIn makes the store in a directory */
const ours = (name, facts, storeIn, fileOf) => ({
  name,
  ...facts,
  copy: 'at the first look',
  async open(dir) {
    const store = storeIn(dir)
    const engine = createEngine({ store, report: () => {} })
    await engine.init()
    const versions = new Map()
    return {
      create: async (data) => (await engine.create(data)).id,
      retrieve: (id) => engine.retrieve(id),
      read: async (id) => (await engine.retrieve(id)).data.user.name,
      n: async (id) => (await engine.retrieve(id)).data.n,
      async update(id, n) {
        const session = await engine.retrieve(id)
        session.data.n = n
        await engine.flush(session)
      },
      async touch(id) {
        const version = versions.get(id) ?? (await store.read(id)).version
        versions.set(id, await store.touch(id, Date.now() + IDLE, version))
      },
      async destroy(id) {
        versions.delete(id)
        await engine.destroy(await engine.retrieve(id))
      },
      ...(fileOf && { fileOf: (id) => fileOf(dir, id) }),
      close: () => engine[Symbol.asyncDispose](),
    }
  },
})

const jsonFile = (dir, id) => path.join(dir, `${id}.json`)

export const vitrineStores = [
  ours(
    'vitrine, JSON files',
    { fsync: 'no', others: 'yes' },
    (dir) => jsonStore({ dir, durability: 'crash' }),
    jsonFile,
  ),
  ours(
    'vitrine, JSON files, durable',
    { fsync: 'file and directory', others: 'yes' },
    (dir) => jsonStore({ dir, durability: 'power' }),
    jsonFile,
  ),
  ours('vitrine, memory', { fsync: '-', others: 'no' }, () => memoryStore({ max: 1_000_000 })),
]
