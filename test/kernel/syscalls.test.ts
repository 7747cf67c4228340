import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compiled } from '../compiled.ts'
import { build, newRoom, noCompiler, underShim } from './ground.ts'

/** Every system call of every verb fails in turn, in a real process, with every error a disk may answer. */

const ERRORS = ['EIO', 'ENOSPC', 'EDQUOT', 'EMFILE', 'EACCES', 'EPERM', 'EROFS', 'EINTR']

/** So many system calls each verb has at least; what was read long ago is not read again. */
const VERBS = { create: 20, update: 25, merge: 25, touch: 15, renew: 30, destroy: 10, reap: 30 }

interface Found {
  readonly runs: number
  readonly calls: number
  readonly failed: number
  readonly probes: number
  readonly problems: readonly unknown[]
}

let room: string
let shim: string
let dist: string
beforeAll(() => {
  if (noCompiler) return
  room = newRoom()
  shim = build('shim', room)
  dist = process.env['DIST'] ?? compiled()
}, 60_000)
afterAll(() => {
  if (!noCompiler) fs.rmSync(room, { recursive: true })
})

describe.skipIf(noCompiler)(
  `each system call that fails leaves the old state or the new, and nothing behind${noCompiler}`,
  { timeout: 60_000 },
  () => {
    it.concurrent.each(Object.entries(VERBS))('during %s', async (verb, atLeast) => {
      const own = path.join(room, verb)
      fs.mkdirSync(own)
      const program = path.join(import.meta.dirname, 'faults.mjs')
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [program, dist, own, verb, ERRORS.join(',')],
        { env: underShim(shim, path.join(own, 'sessions'), path.join(own, 'log')) },
      )
      const { runs, calls, failed, probes, problems } = JSON.parse(stdout) as Found
      expect(problems).toEqual([])
      expect(calls).toBeGreaterThanOrEqual(atLeast)
      expect(runs).toBeGreaterThanOrEqual(atLeast * ERRORS.length)
      // a fault that nobody notices proves nothing
      expect(failed).toBeGreaterThan((runs - probes) / 2)
    })
  },
)
