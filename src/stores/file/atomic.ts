import { constants } from 'node:fs'
import { sep } from 'node:path'
import { createId } from '../../core/id.ts'
import type { Directory } from './directory.ts'
import { errorCode, patiently, unless, type Facts, type Io } from './io.ts'
import { tellsChangesApart } from './stamps.ts'

/** `'crash'`: what is stored survives a killed process. `'power'`: it survives a power cut as well (fsync). */
export type Durability = 'crash' | 'power'

/** Replaces files whole: a reader sees the old text or the new one, never a part. */
export interface AtomicFiles {
  /** A name that nobody used before: of a lock's holder and of its temporary file. */
  token(): string
  /**
   * Writes a temporary file under a token; what it holds is on the disk then, if it shall survive a power cut.
   * @returns its facts, where they tell any change; else `null`
   */
  prepare(token: string, bytes: Buffer): Promise<Facts | null>
  /** Gives up a temporary file. */
  abandon(token: string): void
  /** Moves a temporary file into place. @returns `false`: it is gone, somebody took over */
  publish(token: string, target: string): boolean
  /** Removes a file. */
  remove(target: string): void
}

export function atomicFiles(directory: Directory, durability: Durability, io: Io): AtomicFiles {
  const prefix = createId()
  let count = 0
  let isExact: boolean | null = null
  const own = (token: string) => directory.temporary + sep + token

  const nextToken = () => `${prefix}-${(count++).toString(36)}`

  return {
    token: nextToken,

    async prepare(token, bytes) {
      const fd = create(own(token))
      try {
        try {
          writeAll(fd, bytes)
          isExact ??= tellsChangesApart(own(nextToken()), io)
          if (durability === 'power') await io.fsync(fd)
          return isExact ? io.fstat(fd) : null
        } finally {
          io.close(fd)
        }
      } catch (error) {
        unless('ENOENT', () => io.unlink(own(token)))
        throw error
      }
    },

    abandon: (token) => void unless('ENOENT', () => io.unlink(own(token))),

    publish: (token, target) =>
      unless('ENOENT', () => patiently(io, () => io.rename(own(token), target))),

    remove: (target) => void unless('ENOENT', () => patiently(io, () => io.unlink(target))),
  }

  /** The mode is given to open(2) itself, so that there is no moment at which others could read. */
  function create(path: string): number {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
    try {
      return io.open(path, flags, 0o600)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
      directory.make() // somebody removed the directory under the running app
      return io.open(path, flags, 0o600)
    }
  }

  function writeAll(fd: number, bytes: Buffer): void {
    for (let done = 0; done < bytes.length;) {
      const written = io.write(fd, bytes, done, bytes.length - done)
      if (written === 0) throw new Error('the disk takes no more')
      done += written
    }
  }
}
