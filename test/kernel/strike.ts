import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

/** What a process left behind that was killed or stopped at each system call of a verb. */
export interface Struck {
  readonly runs: number
  /** How many did not get to the end. */
  readonly struck: number
  readonly problems: readonly unknown[]
}

/** @param tools the compiled package, the library for the preload, and a directory to work in */
export async function strike(
  tools: { readonly dist: string; readonly shim: string; readonly room: string },
  verb: string,
  how: 'kill' | 'stop',
): Promise<Struck> {
  const own = fs.mkdtempSync(path.join(tools.room, verb))
  const program = path.join(import.meta.dirname, 'struck.mjs')
  const args = [program, tools.dist, own, tools.shim, verb, how]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Struck
}
