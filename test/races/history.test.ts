import { beforeAll, describe, expect, it } from 'vitest'
import { compiled } from '../compiled.ts'
import { soakHistory } from './soak.ts'

let dist: string
beforeAll(() => (dist = process.env['DIST'] ?? compiled()), 120_000)

/** Set it to run a history of the same choices again. */
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)

describe.skipIf(process.platform === 'win32')('six processes on three sessions', () => {
  it('see one history that fits what was promised, while they are killed, stopped and wiped', async () => {
    const checked = await soakHistory({ seed, dist, operations: 5000, milliseconds: 0, rounds: 4 })
    expect(checked.operations).toBeGreaterThanOrEqual(5000)
  }, 120_000)
})
