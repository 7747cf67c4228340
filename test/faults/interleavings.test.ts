import { describe, expect, it } from 'vitest'
import { VitrineError } from '../../src/index.ts'
import { memoryDisk, type Disk } from './disk.ts'
import {
  changing,
  count,
  countTogether,
  dataOn,
  destroy,
  disks,
  ID,
  ordersOf,
  SETTING,
  tried,
  type Work,
} from './interleave.ts'
import { stopBefore, type Stopped } from './process.ts'
import { SCENES } from './scenes.ts'
import { lockOf } from '../../src/stores/file/lock.ts'
import { copyOf, fileOf, idOf, leftovers, newDisk, startApp } from './world.ts'

/**
 * Several processes on one session. Some are stopped before one of their operations for longer than a lease, or
 * killed there, while others go on.
 */

/** Two leases, for the sweep has two locks, and the short waits around them, in ms of the disk's clock. */
const SOON = 2500

const mine: Work = changing((data) => void (data['mine'] = 1))
const theirs: Work = changing((data) => void (data['theirs'] = 1))
const reset: Work = ({ engine }) => engine.reset()

/** Stops a process before each of its operations in turn. @returns how many it has */
async function stopEach(
  stop: (nth: number) => Promise<Stopped>,
  then: (stopped: Stopped, where: string) => Promise<void>,
): Promise<number> {
  for (let nth = 1; ; nth++) {
    const stopped = await stop(nth)
    await then(stopped, `stopped before operation ${nth}`)
    if (stopped.finished) return nth - 1
  }
}

describe('a process that is stopped at any operation, and goes on after others took over', () => {
  it.each<[string, Work, Work, unknown]>([
    ['counts exactly', count, count, { n: 2 }],
    ['keeps what others stored', mine, theirs, { n: 0, mine: 1, theirs: 1 }],
    ['destroys what others still write', destroy, theirs, null],
    ['does not bring back what others destroyed', mine, destroy, null],
    ['wipes what others still write', reset, theirs, null],
    ['does not bring back what others wiped', mine, reset, null],
  ])('%s', async (_, first, second, expected) => {
    const fresh = await disks()
    let disk: Disk
    const operations = await stopEach(
      (nth) => stopBefore({ nth, of: 'operations' }, (disk = fresh()), SETTING, 1, first),
      async (stopped, where) => {
        await tried(second(startApp(disk.io, SETTING)))
        await tried(stopped.resume())
        expect(await dataOn(disk), where).toEqual(expected)
        expect(await leftovers(disk), where).toEqual([])
      },
    )
    expect(operations).toBeGreaterThan(10)
  })

  it('and was about to set a file aside, does not take the good one that is there since', async () => {
    const fresh = await disks()
    const good = fresh().at(fileOf(ID, 'json'))!.bytes
    let disk: Disk
    const operations = await stopEach(
      (nth) => {
        disk = fresh()
        disk.put(fileOf(ID, 'json'), '{ "id"')
        const read: Work = ({ store }) => store.read(ID)
        return stopBefore({ nth, of: 'operations' }, disk, SETTING, 1, read)
      },
      async (stopped, where) => {
        disk.put(fileOf(ID, 'json'), good) // somebody set it right
        await count(startApp(disk.io, SETTING))
        await stopped.resume()
        expect(await dataOn(disk), where).toEqual({ n: 1 })
      },
    )
    expect(operations).toBeGreaterThan(30)
  })

  it('and was sweeping, removes nothing that others kept meanwhile', async () => {
    const stage = newDisk()
    // the three share a lock, so that they are removed under it together
    const ids = Array.from({ length: 999 }, (_, n) => idOf(n))
      .filter((id) => lockOf(id) === lockOf(ID))
      .slice(0, 3)
    for (const id of ids) {
      const over = { data: {}, createdAt: 1, expiresAt: 2, revision: 1 }
      await startApp(stage.io, SETTING).store.write(id, over, null)
    }
    let disk: Disk
    const operations = await stopEach(
      (nth) => {
        disk = memoryDisk({ root: copyOf(stage.root) })
        return stopBefore({ nth, of: 'operations' }, disk, SETTING, 1, ({ store }) =>
          store.reap(1000),
        )
      },
      async (stopped, where) => {
        const { store } = startApp(disk.io, SETTING)
        const kept: string[] = []
        for (const id of ids) {
          const stored = await store.read(id)
          if (!stored) continue
          const goesOn = { ...stored.record, expiresAt: 9e15 }
          if ((await store.write(id, goesOn, stored.version)) !== null) kept.push(id)
        }
        const removed = await stopped.resume()
        for (const id of kept) expect(await store.read(id), where).not.toBeNull()
        expect(removed, where).toBe(ids.length - kept.length)
        await disk.io.sleep(120_000)
        await store.reap(0)
        expect(await leftovers(disk), where).toEqual([])
      },
    )
    expect(operations).toBeGreaterThan(40)
  })
})

describe(
  'processes that are stopped, each while the ones before it stand still',
  { timeout: 120_000 },
  () => {
    it('count exactly: two, one at every operation, one at every change', async () => {
      const fresh = await disks()
      let runs = 0
      for (const order of ordersOf(2)) {
        for (let a = 1, done = [false]; !done[0]; a++) {
          for (let b = 1, both = [false, false]; !both[1]; b++) {
            const places = [
              { nth: a, of: 'operations' },
              { nth: b, of: 'changes' },
            ] as const
            done = both = await countTogether(fresh, places, order)
            runs++
          }
        }
      }
      expect(runs).toBeGreaterThan(300)
    })

    it('count exactly: three at every triple of changes', async () => {
      const fresh = await disks()
      let runs = 0
      // the first goes on first: what it writes is what the others may lose
      for (const order of ordersOf(3).filter(([first]) => first === 0)) {
        for (let a = 1, done = [false]; !done[0]; a++) {
          for (let b = 1, two = [false, false]; !two[1]; b++) {
            for (let c = 1, all = [false, false, false]; !all[2]; c++) {
              const places = [a, b, c].map((nth) => ({ nth, of: 'changes' }) as const)
              done = two = all = await countTogether(fresh, places, order)
              runs++
            }
          }
        }
      }
      expect(runs).toBeGreaterThan(1000)
    })
  },
)

describe('a process that is killed at any operation', { timeout: 120_000 }, () => {
  it.each(SCENES)('in $name: others go on within the lease', async (scene) => {
    const stage = newDisk()
    await scene.before(startApp(stage.io, SETTING), stage, SETTING)
    let disk: Disk
    await stopEach(
      (nth) => {
        disk = memoryDisk({ root: copyOf(stage.root) })
        const act: Work = (app) => scene.act(app, async () => {})
        return stopBefore({ nth, of: 'operations' }, disk, SETTING, 1, act)
      },
      async (_, where) => {
        const began = disk.elapsed
        await scene
          .act(startApp(disk.io, SETTING, 500, scene.later), async () => {})
          .catch((error: unknown) => expect(error, where).not.toBeInstanceOf(VitrineError))
        expect(disk.elapsed - began, where).toBeLessThan(SOON)
        await disk.io.sleep(120_000)
        await startApp(disk.io, SETTING).store.reap(0)
        expect(await leftovers(disk), where).toEqual([])
      },
    )
  })
})
