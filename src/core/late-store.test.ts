import { expect, it } from 'vitest'
import { memoryStore } from '../stores/memory.ts'
import { isId } from './id.ts'
import { lateStore } from './late-store.ts'
import type { SessionRecord, Store } from './store.ts'

const ID = 'a'.repeat(32)
const record: SessionRecord = { data: {}, createdAt: 1, expiresAt: 2e12, revision: 1 }

function memory(): Required<Store> {
  const store = memoryStore()
  return { ...store, accepts: isId, turn: async () => () => {} } as Required<Store>
}

it('is opened once, at the first use', async () => {
  let opened = 0
  const store = lateStore(isId, async () => {
    opened++
    return memory()
  })
  expect(store.accepts(ID)).toBe(true)
  await store.close()
  expect(opened).toBe(0)
  await Promise.all([store.init(() => {}), store.read(ID)])
  const version = (await store.write(ID, record, null)) as string
  expect(await store.read(ID)).toEqual({ record, version })
  const touched = await store.touch(ID, 3e12, version)
  expect(await store.read(ID)).toMatchObject({ version: touched })
  ;(await store.turn(ID))()
  expect(await all(store.ids())).toEqual([ID])
  expect(await store.reap(4e12)).toBe(1)
  await store.delete(ID)
  await store.wipe()
  await store.close()
  expect(opened).toBe(1)
})

it('is opened for its lists as well', async () => {
  expect(await all(lateStore(isId, async () => memory()).ids())).toEqual([])
  const ended = AbortSignal.abort()
  expect(await all(lateStore(isId, async () => memory()).watch(ended))).toEqual([])
})

it('tries again when it could not be opened', async () => {
  let tries = 0
  const store = lateStore(isId, async () => {
    if (++tries === 1) throw new Error('not yet')
    return memory()
  })
  await expect(store.read(ID)).rejects.toThrow('not yet')
  expect(await store.read(ID)).toBeNull()
})

async function all<T>(things: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const thing of things) found.push(thing)
  return found
}
