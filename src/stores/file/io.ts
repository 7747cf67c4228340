import fs, { constants } from 'node:fs'
import type { BigIntStats, Dir } from 'node:fs'
import { promisify } from 'node:util'

/** What `stat` says, exact to the nanosecond. */
export type Facts = Pick<
  BigIntStats,
  'ino' | 'size' | 'mtimeNs' | 'ctimeNs' | 'mtimeMs' | 'mode' | 'uid' | 'isFile' | 'isDirectory'
>

/**
 * Every way in which the file store reaches the world: the file system and the clock. Another one can be put
 * under it to fail an operation, to order them, or to model another disk.
 *
 * File operations are synchronous: for small local files that costs the event loop four to five times less than
 * the asynchronous calls do.
 */
export interface Io {
  open(path: string, flags: number, mode?: number): number
  close(fd: number): void
  /** @returns how many bytes were read; 0 at the end */
  read(fd: number, buffer: Buffer, offset: number, length: number): number
  /** @returns how many bytes were written, which may be fewer than asked */
  write(fd: number, buffer: Buffer, offset: number, length: number): number
  /** Waits for the disk, which takes a thousand times longer than the rest: so it alone is not done at once. */
  fsync(fd: number): Promise<void>
  fstat(fd: number): Facts
  /** `undefined` when there is nothing. Links are not followed. */
  lstat(path: string): Facts | undefined
  rename(from: string, to: string): void
  /** With these codes a change is refused for a moment only: Windows, while somebody has the file open. */
  readonly busy: readonly string[]
  unlink(path: string): void
  /** Removes a file beside the event loop: where the disk frees space at once, that takes a millisecond and more. */
  discard(path: string): Promise<void>
  mkdir(path: string, mode: number): void
  rmdir(path: string): void
  readdir(path: string): string[]
  /** Reads a directory a little at a time: so many names at once, without a promise for each. */
  entries(path: string): AsyncIterable<readonly string[]>
  /** Calls back with a file's name, or `null` when anything may have changed. */
  watch(path: string, changed: (name: string | null) => void): { close(): void }
  /** The time by the wall clock, in ms since the epoch: what the disk stamps files with. */
  now(): number
  /** A clock in ms that never jumps. */
  elapsed(): number
  sleep(ms: number): Promise<void>
  /** Holds up everything for a fraction of a millisecond. */
  nap(ms: number): void
}

const nothing = new Int32Array(new SharedArrayBuffer(4))

const BUSY: Readonly<Record<string, readonly string[]>> = { win32: ['EPERM', 'EACCES', 'EBUSY'] }

const EXACT = { bigint: true, throwIfNoEntry: false } as const

/** The real one. */
export const nodeIo: Io = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  close: (fd) => fs.closeSync(fd),
  read: (fd, buffer, offset, length) => fs.readSync(fd, buffer, offset, length, null),
  write: (fd, buffer, offset, length) => fs.writeSync(fd, buffer, offset, length),
  fsync: promisify(fs.fsync),
  fstat: (fd) => fs.fstatSync(fd, { bigint: true }),
  lstat: (path) => fs.lstatSync(path, EXACT),
  rename: (from, to) => fs.renameSync(from, to),
  busy: BUSY[process.platform] ?? [],
  unlink: (path) => fs.unlinkSync(path),
  discard: promisify(fs.unlink),
  mkdir: (path, mode) => fs.mkdirSync(path, { mode }),
  rmdir: (path) => fs.rmdirSync(path),
  readdir: (path) => fs.readdirSync(path),
  async *entries(path) {
    const dir = fs.opendirSync(path, { bufferSize: BATCH })
    try {
      for (let names = batchOf(dir); names.length > 0; names = batchOf(dir)) {
        yield names
        await new Promise(setImmediate)
      }
    } finally {
      dir.closeSync()
    }
  },
  watch(path, changed) {
    const watcher = fs.watch(path, { persistent: true }, (_, name) => changed(name))
    watcher.on('error', () => changed(null))
    return watcher
  },
  now: Date.now,
  elapsed: () => performance.now(),
  // a timer of no time takes a millisecond
  sleep: (ms) => new Promise((wake) => (ms > 0 ? setTimeout(wake, ms) : setImmediate(wake))),
  nap: (ms) => void Atomics.wait(nothing, 0, 0, ms),
}

/** How many names are read at once, in 0.5 ms. */
const BATCH = 512

function batchOf(dir: Dir): string[] {
  const names: string[] = []
  for (let entry; names.length < BATCH && (entry = dir.readSync());) names.push(entry.name)
  return names
}

/** The code of a system error, `''` for any other. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants

/**
 * Makes a file that was not there. The mode is given to open(2) itself, so that there is no moment at which others
 * could read.
 * @returns its descriptor
 */
export function create(path: string, io: Io): number {
  return io.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
}

/** Runs a file operation; answers `false` when it fails with one of the codes. */
export function unless(codes: string, operation: () => void): boolean {
  try {
    operation()
    return true
  } catch (error) {
    if (codes.split(' ').includes(errorCode(error))) return false
    throw error
  }
}

/** The names in a directory; none where there is no directory. */
export function namesIn(path: string, io: Io): string[] {
  let names: string[] = []
  unless('ENOENT ENOTDIR', () => {
    names = io.readdir(path)
  })
  return names
}

/** How often a change is tried that is refused for a moment only. */
const BUSY_TRIES = 10

/** Renames or removes a file; where somebody has it open, tries again for some 50 ms. */
export function patiently(io: Io, change: () => void): void {
  for (let tries = 1; ; tries++) {
    try {
      return change()
    } catch (error) {
      if (tries >= BUSY_TRIES || !io.busy.includes(errorCode(error))) throw error
      io.nap(tries)
    }
  }
}
