import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isLinux, isRoot, missing, newRoom, noCompiler, runs } from './ground.ts'

/** Mounts that nobody else sees, and that vanish with the process that made them, however it ends. */
export class MountSpace {
  readonly #keeper: ChildProcess

  private constructor(keeper: ChildProcess) {
    this.#keeper = keeper
  }

  static async open(): Promise<MountSpace> {
    // it ends when its input does
    const keeper = spawn('unshare', ['-m', '--propagation', 'private', 'cat'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const space = new MountSpace(keeper)
    const ours = fs.readlinkSync('/proc/self/ns/mnt')
    for (let tries = 0; ; tries++) {
      if (keeper.exitCode !== null || tries > 2000) throw new Error('there is no room for mounts')
      if (fs.readlinkSync(`/proc/${keeper.pid}/ns/mnt`) !== ours) return space
      await sleep(2)
    }
  }

  /** Runs a program that sees the mounts. @returns what it prints */
  run(program: string, ...args: string[]): string {
    return execFileSync('nsenter', ['-t', `${this.#keeper.pid}`, '-m', program, ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: 30_000,
    })
  }

  /** The path by which everybody else reaches a path in here. */
  seen(inside: string): string {
    return path.join(`/proc/${this.#keeper.pid}/root`, inside)
  }

  close(): void {
    this.#keeper.kill('SIGKILL')
  }
}

export type Kind = 'ext4' | 'xfs'

const MAKE: Readonly<
  Record<Kind, { readonly bytes: number; readonly options: readonly string[] }>
> = {
  ext4: { bytes: 2 ** 26, options: ['-q', '-F'] },
  xfs: { bytes: 300 * 2 ** 20, options: ['-q', '-f'] },
}

/** A file system in a file, which can lose its power. */
export class Disk {
  /** Where everybody reaches it. */
  readonly path: string
  readonly #space: MountSpace
  readonly #image: string
  readonly #inside: string

  /** Makes it and mounts it. */
  constructor(space: MountSpace, kind: Kind, room: string) {
    const { bytes, options } = MAKE[kind]
    this.#space = space
    this.#image = path.join(room, `${kind}.img`)
    this.#inside = path.join(room, kind)
    this.path = space.seen(this.#inside)
    fs.mkdirSync(this.#inside)
    fs.writeFileSync(this.#image, '')
    fs.truncateSync(this.#image, bytes)
    space.run(`mkfs.${kind}`, ...options, this.#image)
    this.mount()
  }

  mount(): void {
    this.#space.run('mount', '-o', 'loop', this.#image, this.#inside)
  }

  unmount(): void {
    this.#space.run('umount', this.#inside)
  }

  /** @returns the moment before, in ns of the clock that never jumps */
  cut(program: string): number {
    return Number(execFileSync(program, [this.path], { encoding: 'utf8', timeout: 30_000 }))
  }
}

/** Why there can be no mounts here, as the end of a test's name; `''`: there can. */
export const noMounts: string = missing({
  Linux: isLinux,
  'root that may mount':
    isLinux && isRoot && runs('unshare', '-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'),
})

/** Why a file system of a kind cannot lose its power here, as the end of a test's name; `''`: it can. */
export async function noDisk(kind: Kind): Promise<string> {
  const tool = kind === 'xfs' ? 'mkfs.xfs (xfsprogs)' : 'mkfs.ext4 (e2fsprogs)'
  const reason = noMounts || noCompiler || missing({ [tool]: runs(`mkfs.${kind}`, '-V') })
  return reason || missing({ [`a loop device and ${kind} in the kernel`]: await canMount(kind) })
}

async function canMount(kind: Kind): Promise<boolean> {
  const room = newRoom()
  const space = await MountSpace.open()
  try {
    new Disk(space, kind, room).unmount()
    return true
  } catch {
    return false
  } finally {
    space.close()
    fs.rmSync(room, { recursive: true, force: true })
  }
}
