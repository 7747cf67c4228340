import { beforeAll, describe, expect, it } from 'vitest'
import { compiled } from '../compiled.ts'
import type { Mix } from './history-run.ts'
import { checkHistory } from './soak.ts'

let dist: string
beforeAll(() => (dist = process.env['DIST'] ?? compiled()), 120_000)

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)

/** Nothing but writes. */
const mix: Mix = { count: 5, add: 2, set: 2 }

const shape = { workers: 8, slots: 2, slow: true, operations: 800, milliseconds: 0 }

describe.skipIf(process.platform === 'win32')(
  `eight writers on two sessions (seed ${seed})`,
  { timeout: 120_000 },
  () => {
    it('lose nothing and count exactly while some are stopped for longer than a lock is theirs', async () => {
      const run = { seed, dist, mix, ...shape }
      const checked = await checkHistory({ ...run, mischief: ['stop'], rounds: 6 })
      expect(checked.unknown).toBe(0) // so the last count is that of what was acknowledged
    })

    it('lose nothing that was acknowledged while some are killed and some are stopped', async () => {
      const run = { seed, dist, mix, ...shape }
      const mischief = ['kill', 'kill', 'kill', 'kill', 'stop'] as const
      const checked = await checkHistory({ ...run, mischief, rounds: 4 })
      expect(checked.done.kill).toBeGreaterThanOrEqual(12)
      expect(checked.unknown).toBeLessThanOrEqual(checked.done.kill)
    })
  },
)
