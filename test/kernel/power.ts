import fs from 'node:fs'
import path from 'node:path'
import { diarist, judge, type Diarist } from './diary.ts'
import { build, newRoom } from './ground.ts'
import { Disk, MountSpace, type Kind } from './mounts.ts'
import { randomFrom } from './random.ts'

/** Cuts the power of a file system while a process writes, and looks at what comes back. */

export interface Outage {
  rounds: number
  /** How many deeds were acknowledged before the cut. */
  acknowledged: number
  /** Those of them that were gone afterwards. */
  lost: string[]
  /** What may not happen with any durability. */
  problems: string[]
}

export interface OutageOptions {
  readonly kind: Kind
  /** Whichever comes first. */
  readonly rounds?: number
  readonly milliseconds?: number
  readonly durability: 'crash' | 'power'
  readonly seed: number
  readonly dist: string
}

export async function cutPower(options: OutageOptions): Promise<Outage> {
  const { kind, rounds = Infinity, milliseconds = Infinity, seed, dist, durability } = options
  const over = performance.now() + milliseconds
  const random = randomFrom(seed)
  const sum: Outage = { rounds: 0, acknowledged: 0, lost: [], problems: [] }
  const room = newRoom()
  const space = await MountSpace.open()
  let waiting: Diarist | undefined
  try {
    const program = build('cut', room)
    const disk = new Disk(space, kind, room)
    const writerOf = (round: number) =>
      diarist({
        dist,
        dir: path.join(disk.path, `${round}`),
        seed: seed * 10_000 + round,
        durability,
      })
    waiting = writerOf(0)
    for (let round = 0; round < rounds && performance.now() < over; round++) {
      const writer = waiting
      waiting = writerOf(round + 1) // gets ready while this round goes on
      await writer.go(30 + random() * 100)
      const cut = disk.cut(program)
      const diary = await writer.diary // its disk fails now, and so it ends
      disk.unmount()
      disk.mount()
      const dir = path.join(disk.path, `${round}`)
      const { acknowledged, lost, torn } = await judge([diary], dir, cut)
      sum.rounds++
      sum.acknowledged += acknowledged
      sum.lost.push(...lost.map((what) => `round ${round}: ${what}`))
      if (torn > 0) sum.problems.push(`round ${round}: ${torn} torn`)
      const end = diary.at(-1)
      if (!end?.error?.startsWith('STORE ')) sum.problems.push(`it ended with ${end?.error}`)
      fs.rmSync(dir, { recursive: true, force: true })
    }
  } finally {
    waiting?.child.kill('SIGKILL')
    space.close()
    fs.rmSync(room, { recursive: true, force: true })
  }
  return sum
}
