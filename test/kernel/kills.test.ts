import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compiled } from '../compiled.ts'
import { build, newRoom, noCompiler } from './ground.ts'
import { killWriters } from './killed.ts'
import { strike } from './strike.ts'

/** Processes that die in the middle of what they do, at every point in turn and at random ones. */

let room: string
let shim: string
let dist: string
beforeAll(() => {
  room = newRoom()
  dist = process.env['DIST'] ?? compiled()
  if (!noCompiler) shim = build('shim', room)
}, 60_000)
afterAll(() => fs.rmSync(room, { recursive: true }))

describe.skipIf(noCompiler)(
  `a process that is killed before each of its system calls leaves the old state or the new${noCompiler}`,
  { timeout: 120_000 },
  () => {
    it.each([
      ['create', 20],
      ['update', 25],
      ['merge', 25],
      ['touch', 15],
      ['renew', 30],
      ['destroy', 10],
      ['reap', 30],
    ] as const)('during %s', async (verb, atLeast) => {
      const { struck, problems } = await strike({ dist, shim, room }, verb, 'kill')
      expect(problems).toEqual([])
      expect(struck).toBeGreaterThanOrEqual(atLeast)
    })
  },
)

describe('a process that is killed at any moment', { timeout: 120_000 }, () => {
  it('100 times loses nothing it acknowledged, tears nothing, and its leftovers are swept', async () => {
    let kills = 0
    let acknowledged = 0
    for (let round = 0; kills < 100; round++) {
      const toll = await killWriters(round * 10, dist)
      expect(toll.problems, `round ${round}`).toEqual([])
      kills += toll.kills
      acknowledged += toll.acknowledged
    }
    expect(acknowledged).toBeGreaterThan(1000)
  })
})
