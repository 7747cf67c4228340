import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/index.ts'
import { memoryDisk, type Effect } from './disk.ts'
import type { Inode } from './inode.ts'
import { intercepted } from './intercept.ts'
import { randomFrom, type Random } from './random.ts'
import { DIR, fileOf, idOf, newDisk, openStore, type Setting } from './world.ts'

/**
 * With `durability: 'power'` many writers share one sync of the directory. Each of them must have waited for one that
 * began after its own name was in place; a disk that takes its time tells who did not.
 */

const POWER: Setting = { format: 'json', durability: 'power' }

/** A write or a removal: when its name changed, and when it was acknowledged, counted in effects. */
interface Act {
  readonly id: string
  readonly acknowledged: number
}

/** A sync takes its time; moments are counted in effects. */
interface Sync {
  readonly inode: Inode
  readonly began: number
  readonly ended: number
}

function slowDisk(random: Random) {
  const effects: Effect[] = []
  const syncs: Sync[] = []
  const disk = memoryDisk({ root: newDisk().root, observe: (effect) => void effects.push(effect) })
  const io = intercepted(disk.io, (call) => {
    if (call.name !== 'fsync') return call.go()
    const began = effects.length
    const done = call.go() as Promise<void>
    const { inode } = effects.at(-1) as Effect & { kind: 'sync' }
    return ticks(random(20)).then(() => {
      syncs.push({ inode, began, ended: effects.length })
      return done
    })
  })
  return { effects, syncs, disk, io }
}

async function ticks(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await Promise.resolve()
}

function record(n: number) {
  return { data: { n }, createdAt: 1, expiresAt: 9e15, revision: 1 }
}

/** What one of many does: stores a session, perhaps changes it, perhaps removes it. */
async function live(store: Store, nth: number, random: Random, acted: (id: string) => void) {
  const id = idOf(nth)
  await ticks(random(40))
  let version = await store.write(id, record(0), null)
  acted(id)
  for (let n = random(3); n > 0; n--) {
    version = await store.write(id, record(n), version)
    acted(id)
  }
  if (random(2) === 0) return
  await store.delete(id)
  acted(id)
}

/** The place of the last change of a name before a moment. */
function lastChange(effects: readonly Effect[], before: number, name: string): number {
  return effects.findLastIndex(
    (effect, at) =>
      at < before &&
      effect.kind === 'names' &&
      effect.changes.some((change) => change.name === name),
  )
}

describe('writers that share a sync', () => {
  it('are each told only when a sync that began after their change has ended', async () => {
    let directorySyncs = 0
    let acts = 0
    for (let seed = 1; seed <= 60; seed++) {
      const random = randomFrom(seed)
      const { effects, syncs, disk, io } = slowDisk(random)
      const store = openStore(io, POWER)
      await store.init(() => {})
      const acted: Act[] = []
      await Promise.all(
        Array.from({ length: 16 }, (_, nth) =>
          live(store, nth + 1, random, (id) => acted.push({ id, acknowledged: effects.length })),
        ),
      )
      const directory = disk.at(DIR)
      for (const { id, acknowledged } of acted) {
        const name = fileOf(id, 'json').slice(DIR.length + 1)
        const changed = lastChange(effects, acknowledged, name)
        const told = `seed ${seed}, session ${id}, acknowledged after ${acknowledged} effects`
        const isSynced = (what: Inode | undefined, from: number, to: number) =>
          syncs.some(({ inode, began, ended }) => inode === what && began >= from && ended <= to)
        expect(isSynced(directory, changed + 1, acknowledged), told).toBe(true)
        const file = inodeOf(effects[changed], name)
        if (file) expect(isSynced(file, 0, changed), told).toBe(true)
      }
      acts += acted.length
      directorySyncs += syncs.filter(({ inode }) => inode === directory).length
      expect(disk.opened()).toBe(0)
    }
    expect(acts).toBeGreaterThan(2000)
    expect(directorySyncs).toBeLessThan(acts / 2)
  })

  it('are all told when it fails, and the next ones wait for another', async () => {
    const { disk, io } = slowDisk(randomFrom(1))
    let isBroken = false
    const failing = intercepted(io, (call) => {
      if (call.name === 'fsync' && isBroken) return Promise.reject(new Error('the disk is broken'))
      return call.go()
    })
    const store = openStore(failing, POWER)
    await store.init(() => {})
    const settled = Promise.allSettled(
      [1, 2, 3].map((nth) => store.write(idOf(nth), record(0), null)),
    )
    // their contents are on the disk, their names are not
    while ([1, 2, 3].some((nth) => !disk.at(fileOf(idOf(nth), 'json')))) await Promise.resolve()
    isBroken = true
    const outcomes = (await settled).map(({ status }) => status)
    expect(outcomes).toContain('rejected')
    isBroken = false
    const stored = await store.read(idOf(1))
    expect(stored).not.toBeNull()
    await expect(store.write(idOf(1), record(1), stored!.version)).resolves.not.toBeNull()
    expect(disk.opened()).toBe(0)
  })
})

function inodeOf(effect: Effect | undefined, name: string): Inode | null {
  if (effect?.kind !== 'names') return null
  return effect.changes.find((change) => change.name === name)?.inode ?? null
}
