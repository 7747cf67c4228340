import { expect, it } from 'vitest'
import { createEngine, memoryStore, type Session, type Store } from '../../src/index.ts'

/** Where races were lost a moment ago, a change waits for its turn before it is composed, and is not lost again. */

const HOUR = 3_600_000

it('a change loses one race for a session that others change, not one each time', async () => {
  let now = Date.now()
  const backend = memoryStore()
  const asked: string[] = []
  const store: Store = {
    ...backend,
    read: (id) => (asked.push('read'), backend.read(id)),
    write: (...args) => (asked.push('write'), backend.write(...args)),
    turn: async () => {
      asked.push('turn')
      return () => void asked.push('end')
    },
  }
  const ours = createEngine({ store, now: () => now })
  const theirs = createEngine({ store: backend, now: () => now })
  const { id } = await ours.create({})

  /** Both change the session at the same time; they are quicker. */
  async function race(key: string): Promise<string> {
    const [mine, other] = (await Promise.all([ours.retrieve(id), theirs.retrieve(id)])) as [
      Session,
      Session,
    ]
    other.data[`their ${key}`] = mine.data[`my ${key}`] = true
    await theirs.flush(other)
    asked.length = 0
    await ours.flush(mine)
    return asked.join(' ')
  }

  expect(await race('first')).toBe('write turn read write end')
  expect(await race('second')).toBe('turn read write end')
  now += HOUR
  expect(await race('third')).toBe('write turn read write end')
  expect(Object.keys((await ours.retrieve(id))!.data)).toHaveLength(6)
})

it('a session that ended while a change waited for its turn stays ended, and the turn is given back', async () => {
  const backend = memoryStore()
  let taken = 0
  let whenTaken = async (): Promise<void> => undefined
  const store: Store = {
    ...backend,
    turn: async () => {
      taken++
      await whenTaken()
      return () => void taken--
    },
  }
  const ours = createEngine({ store })
  const theirs = createEngine({ store: backend })
  const { id } = await ours.create({})
  for (const last of [false, true]) {
    const mine = (await ours.retrieve(id))!
    const other = (await theirs.retrieve(id))!
    mine.data['mine'] = other.data['theirs'] = last
    await theirs.flush(other)
    if (!last) {
      await ours.flush(mine)
      continue
    }
    whenTaken = async () => theirs.destroy(other)
    await expect(ours.flush(mine)).rejects.toMatchObject({ code: 'DESTROYED' })
  }
  expect(await ours.retrieve(id)).toBeNull()
  expect(taken).toBe(0)
})
