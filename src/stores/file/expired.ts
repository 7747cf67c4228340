import { join } from 'node:path'
import type { AtomicFiles } from './atomic.ts'
import type { Directory } from './directory.ts'
import { patiently, unless, type Io } from './io.ts'
import { lockOf } from './lock.ts'
import { closeWay, openWay } from './quarantine.ts'
import type { Reader } from './reader.ts'

/** So many sessions that seem to be over are looked for before any is removed: some share a lock then. */
const MANY = 1024

/** How long the sweep may keep others from the sessions of one lock at a time, in ms. */
const HOLD = 2

/** So many files are removed at once: of the four threads that do such work, one is left to the app. */
const LANES = 3

/** Where one removal takes less than this, in ms, more are asked for at once: a thread that is awake costs less. */
const QUICK = 0.5
const QUICK_LANES = 32

/** What removing needs from its store. */
export interface Removal {
  readonly directory: Directory
  readonly files: AtomicFiles
  readonly reader: Reader
  readonly io: Io
  /** Runs work under the lock of a session, as a holder that others can take over. */
  locked<T>(id: string, token: string, work: () => T): Promise<T>
}

/** Removes the expired sessions of one sweep. */
export interface Remover {
  /** Looks at a session. @returns whether so many seem to be over that it is time to remove them */
  note(id: string): boolean
  /**
   * Removes those that were noted and are over.
   * @param goOn is asked between two locks; `false` ends it
   * @returns how many were removed
   */
  remove(goOn: () => Promise<boolean>): Promise<number>
  /** Waits until what was removed is off the disk. */
  end(): Promise<void>
}

/**
 * A file is moved out of the way before it is removed: the way is gone when the sweep was stopped and taken over
 * between its last look and the removal, and then it cannot remove what was stored meanwhile. Only moves, of 0.02 ms,
 * are made under a lock and on the event loop: a removal frees space, which takes some disks a millisecond.
 * @param now milliseconds since the epoch
 */
export function expiredRemover(
  { directory, files, reader, io, locked }: Removal,
  now: number,
): Remover {
  const token = files.token()
  const noted = new Map<string, string[]>()
  let count = 0
  let way: string | undefined
  let moved = 0
  let emptied: Promise<void> = Promise.resolve()

  /** @returns where it is now; `null`: it is not over, or gone, or somebody took over */
  function moveAway(id: string, through: string): string | null {
    if (!reader.isOver(id, now)) return null
    // a name without a dot: the sweep removes it, should we not get to it
    const aside = join(through, (moved++).toString(36))
    const move = () => patiently(io, () => io.rename(reader.pathOf(id), aside))
    if (!unless('ENOENT', move)) return null
    reader.forget(id)
    return aside
  }

  async function discard(aside: string): Promise<void> {
    try {
      await io.discard(aside)
    } catch {
      // it is out of the way: a later sweep removes it, or says that it cannot
    }
  }

  async function discardAll(asides: string[]): Promise<void> {
    const lane = async () => {
      for (let aside = asides.pop(); aside !== undefined; aside = asides.pop()) await discard(aside)
    }
    const first = asides.pop()
    if (first === undefined) return
    const since = io.elapsed()
    await discard(first)
    const lanes = io.elapsed() - since < QUICK ? QUICK_LANES : LANES
    await Promise.all(Array.from({ length: lanes }, lane))
  }

  return {
    note(id) {
      if (reader.endsLater(id, now)) return false
      const name = lockOf(id)
      const ids = noted.get(name)
      if (ids) ids.push(id)
      else noted.set(name, [id])
      return ++count >= MANY
    },

    async remove(goOn) {
      if (count === 0) return 0
      const through = (way ??= openWay(directory, token, io))
      const groups = [...noted.values()]
      noted.clear()
      count = 0
      await emptied
      const asides: string[] = []
      try {
        for (let ids = groups.pop(); ids && (await goOn()); ids = groups.pop()) {
          const left = ids
          await locked(left[0] as string, token, () => {
            const until = io.elapsed() + HOLD
            for (let id = left.pop(); id !== undefined; id = left.pop()) {
              const aside = moveAway(id, through)
              if (aside !== null) asides.push(aside)
              if (io.elapsed() > until) break
            }
          })
          if (left.length > 0) groups.push(left)
        }
        await directory.settle()
        return asides.length
      } finally {
        emptied = discardAll(asides)
      }
    },

    async end() {
      await emptied
      if (way !== undefined) closeWay(way, io)
    },
  }
}
