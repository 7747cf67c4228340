import { join } from 'node:path'
import type { Directory } from './directory.ts'
import { unless, type Io } from './io.ts'
import { FREE, type Locks } from './lock.ts'

/** How long the sweep may keep the event loop at a time, in ms. */
const SLICE = 8

/** A temporary file that is older than this, in ms, was left behind; a live writer that loses one starts over. */
const ORPHANED = 60_000

/** What a sweep needs from its store. */
export interface Sweep {
  readonly directory: Directory
  readonly locks: Locks
  readonly io: Io
  token(): string
  ids(): AsyncIterable<string>
  /** @returns whether the session was expired and is gone now */
  removeIfExpired(id: string): Promise<boolean>
}

/**
 * Removes expired sessions and what killed writers left behind, a slice at a time, one process at a time.
 * @returns how many sessions were removed; 0 when another process is at it
 */
export async function sweep(work: Sweep, signal?: AbortSignal): Promise<number> {
  const { directory, locks, io } = work
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
  let removed = 0
  let sliceEnds = io.elapsed() + SLICE
  try {
    for await (const id of work.ids()) {
      if (await work.removeIfExpired(id)) removed++
      if (io.elapsed() < sliceEnds) continue
      await io.sleep(0)
      const next = work.token()
      if (signal?.aborted || !locks.renew('reaper', token, next)) return removed
      token = next
      sliceEnds = io.elapsed() + SLICE
    }
    sweepOrphans(directory, io)
    return removed
  } finally {
    locks.release('reaper', token)
  }
}

/** What was on its way into quarantine when its mover died gets there; the rest is removed. */
function sweepOrphans({ temporary, quarantine }: Directory, io: Io): void {
  let names: string[] = []
  unless('ENOENT', () => {
    names = io.readdir(temporary)
  })
  for (const name of names) {
    const path = join(temporary, name)
    const facts = io.lstat(path)
    if (!facts || Number(facts.mtimeMs) > io.now() - ORPHANED) continue
    if (!facts.isDirectory()) {
      unless('ENOENT', () => io.unlink(path))
      continue
    }
    for (const inner of io.readdir(path)) {
      const file = join(path, inner)
      unless('ENOENT', () =>
        inner === FREE ? io.unlink(file) : io.rename(file, join(quarantine, inner)),
      )
    }
    unless('ENOENT ENOTEMPTY', () => io.rmdir(path))
  }
}
