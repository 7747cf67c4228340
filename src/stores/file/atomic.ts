import { sep } from 'node:path'
import { createId } from '../../core/id.ts'
import type { Directory } from './directory.ts'
import { create, errorCode, patiently, unless, type Facts, type Io } from './io.ts'
import type { Durability } from './options.ts'
import { tellsChangesApart } from './stamps.ts'

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
      const fd = open(own(token))
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

  function open(path: string): number {
    try {
      return create(path, io)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
      directory.make() // somebody removed the directory under the running app
      return create(path, io)
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
