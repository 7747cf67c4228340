import { join, sep } from 'node:path'
import type { Directory } from './directory.ts'
import { create, errorCode, patiently, unless, type Io } from './io.ts'

/**
 * Locks between processes that trust no process id, no clock and no holder.
 *
 * A lock is a directory with one file in it. The file is named `free`, or after the token of the holder. To take
 * the lock is to rename `free` to one's token, to release it is to rename it back: the system lets exactly one
 * succeed, and nobody can release or take what is not under the name they think it is.
 *
 * A holder that does not let go for a second (killed, stopped) is taken over: first its temporary file is removed,
 * then its token is renamed to the new one. A holder writes by renaming its own temporary file, which nobody else
 * ever makes again; so one that wakes up late finds that it has nothing left to write with, and starts over.
 *
 * For the same reason a writer whose temporary file is gone holds nothing any more. So it need not rename its token
 * back, which would be 9 of the 82 us that the disk takes to store 1 kB (ext4 with a journal, decisions/001).
 */
export interface Locks {
  /** Takes a lock if it is free. @returns `true`, or the token of who has it */
  tryTake(name: string, token: string): true | string
  /** Takes a lock, waiting for others. Whoever keeps it longer than the lease is taken over. */
  take(name: string, token: string): Promise<void>
  /**
   * Lets go. A writer has put its temporary file in place, or does no more with it than to remove it.
   * @returns `false` when it is known that it was taken over meanwhile
   */
  release(name: string, token: string): boolean
  /** Shows that the holder is alive: the same lock under a new token. @returns `false`: it was taken over */
  renew(name: string, token: string, next: string): boolean
}

/** A holder that is not seen to move for this long, in ms by our own clock, is taken over. */
const LEASE = 1000

/** A holder needs about 0.3 ms: the first waits are naps of this length, in ms, shorter than any timer. */
const NAP = 0.1
const NAPS = 5

/** How often a lock is made that vanishes again; then the disk is to blame. */
const MAKE_TRIES = 10

/** So many locks serve a whole directory: sessions that share one wait for each other for microseconds at most. */
const LOCKS = 64

/** The name of the file in a lock that nobody holds. */
const FREE = 'free'

/**
 * How the token of a writer ends: of a holder that does nothing but to move its temporary file into place, and has made it
 * before it takes the lock.
 */
export const WRITER = '.write'

/** How the way of a holder ends that was taken over with a file on it: nothing more can go that way. */
export const OVER = '.over'

/** @param directory must have been made; what is missing of it is made again */
export function locksIn(directory: Directory, io: Io): Locks {
  // put together by hand: `join` takes longer than looking the file up, and a write asks for five names
  const file = (name: string, token: string) => directory.locks + sep + name + sep + token
  const move = (name: string, from: string, to: string) =>
    unless('ENOENT', () => patiently(io, () => io.rename(file(name, from), file(name, to))))

  /** What a lock that nobody holds is named, where that is not `free`: as its last writer. */
  const left = new Map<string, string>()

  const locks: Locks = {
    tryTake(name, token) {
      for (let tries = 1; ; tries++) {
        const from = left.get(name) ?? FREE
        left.delete(name)
        if (move(name, from, token)) return true
        const holder = holderOf(name)
        if (holder === null) make(name, token, tries < MAKE_TRIES)
        else if (!isLeft(holder)) return holder
        else left.set(name, holder)
      }
    },

    async take(name, token) {
      let holder: string | undefined
      let since = 0
      for (let tries = 1; ; tries++) {
        const found = locks.tryTake(name, token)
        if (found === true) return
        if (found !== holder) {
          holder = found
          since = io.elapsed()
        } else if (io.elapsed() - since > LEASE) {
          discard(join(directory.temporary, holder))
          if (move(name, holder, token)) return
        }
        if (tries <= NAPS) io.nap(NAP)
        else await io.sleep(Math.min(tries - NAPS, 8))
      }
    },

    release(name, token) {
      if (!token.endsWith(WRITER)) return move(name, token, FREE)
      left.set(name, token)
      return true
    },
    renew: move,
  }
  return locks

  function isLeft(holder: string): boolean {
    if (!holder.endsWith(WRITER)) return holder === FREE
    return !io.lstat(join(directory.temporary, holder))
  }

  function holderOf(name: string): string | null {
    try {
      return io.readdir(join(directory.locks, name))[0] ?? null
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null
      throw error
    }
  }

  /**
   * A lock comes into being whole: the directory is prepared elsewhere and moved into place.
   * @param again whether another process may have made it first
   */
  function make(name: string, token: string, again: boolean): void {
    const prepared = join(directory.temporary, `${token}.lock`)
    if (!unless('ENOENT', () => io.mkdir(prepared, 0o700))) {
      directory.make()
      io.mkdir(prepared, 0o700)
    }
    const free = join(prepared, FREE)
    io.close(create(free, io))
    const target = join(directory.locks, name)
    try {
      io.rename(prepared, target)
    } catch (error) {
      io.unlink(free)
      io.rmdir(prepared)
      if (!again || !['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errorCode(error))) throw error
      // Windows replaces no directory, not even one that somebody emptied
      unless('ENOENT ENOTEMPTY EEXIST', () => io.rmdir(target))
    }
  }

  /** What a holder would write with: a file, or a directory to move things into, which may hold some already. */
  function discard(path: string): void {
    if (unless('EISDIR EPERM', () => unless('ENOENT', () => io.unlink(path)))) return
    unless('ENOENT', () => {
      if (!unless('ENOTEMPTY EEXIST', () => io.rmdir(path))) io.rename(path, `${path}${OVER}`)
    })
  }
}

/** The name of the lock that guards a session. */
export function lockOf(id: string): string {
  let hash = 0
  for (let at = 0; at < id.length; at++) hash = (hash * 31 + id.charCodeAt(at)) >>> 0
  return (hash % LOCKS).toString(16).padStart(2, '0')
}
