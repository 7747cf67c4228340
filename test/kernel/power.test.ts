import { beforeAll, describe, expect, it } from 'vitest'
import { compiled } from '../compiled.ts'
import { noDisk } from './mounts.ts'
import { cutPower, type Outage } from './power.ts'

/** Real file systems lose their power while processes write. */

let dist: string
beforeAll(() => void (dist = process.env['DIST'] ?? compiled()), 60_000)

describe.each([
  ['ext4', 50],
  ['xfs', 30],
] as const)('%s without power', async (kind, rounds) => {
  const reason = await noDisk(kind)

  it.skipIf(reason)(
    `${rounds} times keeps every acknowledged write with durability power${reason}`,
    { timeout: 180_000 },
    async () => {
      const outage: Outage = await cutPower({ kind, rounds, durability: 'power', seed: 1, dist })
      expect(outage.problems).toEqual([])
      expect(outage.lost).toEqual([])
      expect(outage.rounds).toBe(rounds)
      expect(outage.acknowledged).toBeGreaterThan(rounds * 10)
    },
  )

  it.skipIf(reason)(
    `answers no torn session with durability crash, which may lose some${reason}`,
    { timeout: 60_000 },
    async () => {
      const outage = await cutPower({ kind, rounds: 5, durability: 'crash', seed: 2, dist })
      expect(outage.problems).toEqual([])
      expect(outage.acknowledged).toBeGreaterThan(50)
    },
  )
})
