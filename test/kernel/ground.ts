import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** What these tests ask of the machine; where it is missing they skip and say so in their names. */

/** Whether a program is there and runs. */
export function runs(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout: 10_000 }).status === 0
}

export const isLinux: boolean = process.platform === 'linux'
export const isRoot: boolean = process.getuid?.() === 0

/** Why C cannot be compiled here; `''`: it can. */
export const noCompiler: string = missing({
  Linux: isLinux,
  'a C compiler (gcc, libc6-dev)': isLinux && runs('gcc', '--version') && hasHeaders(),
})

/** The reason to skip, as the end of a test's name; `''` when everything is there. */
export function missing(needs: Readonly<Record<string, boolean>>): string {
  const first = Object.keys(needs).find((need) => !needs[need])
  return first === undefined ? '' : ` (skipped: needs ${first})`
}

function hasHeaders(): boolean {
  const { status } = spawnSync('gcc', ['-E', '-x', 'c', '-', '-o', '/dev/null'], {
    input: '#include <stdio.h>\n#include <dirent.h>\n',
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  return status === 0
}

/** A new directory, in memory where the system has such a place: nothing here waits for a disk. */
export function newRoom(): string {
  const memory = '/dev/shm'
  let parent = os.tmpdir()
  try {
    fs.accessSync(memory, fs.constants.W_OK)
    const { bavail, bsize } = fs.statfsSync(memory)
    if (bavail * bsize > 2 ** 28) parent = memory
  } catch {
    // not there
  }
  return fs.mkdtempSync(path.join(parent, 'vitrine-'))
}

/**
 * Compiles one of the C files beside this one.
 * @param room where to
 * @returns the program, or the library when its name is `shim`
 */
export function build(name: 'shim' | 'cut', room: string): string {
  const target = path.join(room, name)
  const library = name === 'shim' ? ['-shared', '-fPIC', '-ldl'] : []
  const source = path.join(import.meta.dirname, `${name}.c`)
  execFileSync('gcc', ['-O1', '-o', target, source, ...library], { stdio: 'pipe' })
  return target
}

/** The environment of a process under the shim, which watches over what lies in a directory. */
export function underShim(shim: string, watched: string, log: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    LD_PRELOAD: shim,
    SHIM_PREFIX: watched,
    SHIM_LOG: log,
    UV_USE_IO_URING: '0',
  }
}
