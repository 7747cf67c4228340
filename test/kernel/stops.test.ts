import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compiled } from '../compiled.ts'
import { build, newRoom, noCompiler } from './ground.ts'
import { strike } from './strike.ts'

/** Processes that fall asleep in the middle of what they do, and wake up when others have gone on. */

let room: string
let shim: string
let dist: string
beforeAll(() => {
  if (noCompiler) return
  room = newRoom()
  dist = process.env['DIST'] ?? compiled()
  shim = build('shim', room)
}, 60_000)
afterAll(() => {
  if (!noCompiler) fs.rmSync(room, { recursive: true })
})

describe.skipIf(noCompiler)(
  `a process that is stopped before each of its system calls overwrites nothing when it goes on${noCompiler}`,
  { timeout: 120_000 },
  () => {
    it.each([
      ['renew', 30],
      ['destroy', 10],
    ] as const)('during %s', async (verb, atLeast) => {
      const { struck, problems } = await strike({ dist, shim, room }, verb, 'stop')
      expect(problems).toEqual([])
      expect(struck).toBeGreaterThanOrEqual(atLeast)
    })
  },
)
