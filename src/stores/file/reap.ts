import { join } from 'node:path'
import type { Directory } from './directory.ts'
import type { Remover } from './expired.ts'
import { namesIn, unless, type Io } from './io.ts'
import type { Locks } from './lock.ts'

/** How long the sweep may keep the event loop at a time, in ms. */
const SLICE = 8

/**
 * So many sessions are looked at here, in some 50 ms. Where there are more, a thread is started, which takes as long
 * again, and sweeps them all: the event loop has nothing to do with it.
 */
const FEW = 4096

/** A temporary file that is older than this, in ms, was left behind; a live writer that loses one starts over. */
const ORPHANED = 60_000

/** What a sweep needs from its store. */
export interface Sweep {
  readonly directory: Directory
  readonly locks: Locks
  readonly io: Io
  token(): string
  /** The ids of all sessions, many at once. */
  ids(): AsyncIterable<readonly string[]>
  readonly remover: Remover
  readonly aside: Aside | undefined
}

/** Sweeps in another thread. @returns how many sessions were removed; `null`: that cannot be */
export type Aside = (now: number, signal?: AbortSignal) => Promise<number | null>

/**
 * Removes expired sessions and what killed writers left behind, a slice at a time, one process at a time.
 * @param now milliseconds since the epoch
 * @returns how many sessions were removed; 0 when another process is at it
 */
export async function sweep(work: Sweep, now: number, signal?: AbortSignal): Promise<number> {
  const { directory, locks, io, remover } = work
  if (!io.lstat(directory.path)) return 0
  let token = work.token()
  if (locks.tryTake('reaper', token) !== true) {
    // perhaps its holder is dead: then it does not move within the lease
    const holder = locks.tryTake('reaper', token)
    if (holder !== true) {
      await io.sleep(1200)
      if (locks.tryTake('reaper', token) !== true && !locks.renew('reaper', holder, token)) return 0
    }
  }
  let sliceEnds = io.elapsed() + SLICE
  let removed = 0
  let looked = 0
  let { aside } = work

  /** Lets others go on when it is time to. @returns `false`: the sweep is over */
  async function goOn(): Promise<boolean> {
    if (io.elapsed() < sliceEnds) return true
    await io.sleep(0)
    const next = work.token()
    if (signal?.aborted || !locks.renew('reaper', token, next)) return false
    token = next
    sliceEnds = io.elapsed() + SLICE
    return true
  }

  try {
    for await (const ids of work.ids()) {
      looked += ids.length
      if (aside && looked > FEW) {
        locks.release('reaper', token) // for the other thread
        const count = await aside(now, signal)
        aside = undefined
        if (count !== null) return removed + count
        if (locks.tryTake('reaper', token) !== true) return removed
      }
      for (const id of ids) {
        if (remover.note(id)) removed += await remover.remove(goOn)
        if (io.elapsed() >= sliceEnds && !(await goOn())) return removed
      }
    }
    removed += await remover.remove(goOn)
    sweepOrphans(directory, io)
    return removed
  } finally {
    locks.release('reaper', token)
  }
}

/** What was on its way into quarantine when its mover died gets there; the rest is removed. */
function sweepOrphans({ temporary, quarantine }: Directory, io: Io): void {
  for (const name of namesIn(temporary, io)) {
    const path = join(temporary, name)
    const facts = io.lstat(path)
    if (!facts || Number(facts.mtimeMs) > io.now() - ORPHANED) continue
    if (!facts.isDirectory()) {
      unless('ENOENT', () => io.unlink(path))
      continue
    }
    for (const inner of io.readdir(path)) {
      const file = join(path, inner)
      // a session on its way into quarantine has a dot in its name; what is removed, and `free`, has none
      unless('ENOENT', () =>
        inner.includes('.') ? io.rename(file, join(quarantine, inner)) : io.unlink(file),
      )
    }
    unless('ENOENT ENOTEMPTY', () => io.rmdir(path))
  }
}
