import { constants } from 'node:fs'
import { basename, join } from 'node:path'
import type { Directory } from './directory.ts'
import { unless, type Io } from './io.ts'
import { OVER } from './lock.ts'

/**
 * Makes the way into quarantine: a directory of one's own. It is made before the lock is taken, and whoever takes
 * the lock over removes it; so one who was stopped meanwhile can move nothing any more.
 * @param token the lock's holder
 */
export function openWay(directory: Directory, token: string, io: Io): string {
  const way = join(directory.temporary, token)
  if (unless('ENOENT', () => io.mkdir(way, 0o700))) return way
  directory.make()
  io.mkdir(way, 0o700)
  return way
}

/** Removes the way, unless it is gone, or a file is still on it: that is for the sweep. */
export function closeWay(way: string, io: Io): void {
  unless('ENOENT ENOTEMPTY', () => io.rmdir(way))
}

/**
 * Moves a file that is no session out of the way. It is never deleted. The caller holds the lock.
 * @returns the file's new name; `null`: it is gone, or somebody took over
 */
export function quarantine(directory: Directory, path: string, way: string, io: Io): string | null {
  const name = `${basename(path)}.${new Date(io.now()).toISOString().replaceAll(':', '')}`
  let kept = name
  // what was set aside in the same millisecond stays
  for (let n = 2; io.lstat(join(directory.quarantine, kept)); n++) kept = `${name}-${n}`
  if (!unless('ENOENT', () => io.rename(path, join(way, kept)))) return null
  const target = join(directory.quarantine, kept)
  if (unless('ENOENT', () => io.rename(join(way, kept), target))) return kept
  io.rename(join(`${way}${OVER}`, kept), target) // somebody took over, with the file on its way
  return kept
}

/** Says beside a file in quarantine why it is there. */
export function writeReason(directory: Directory, kept: string, reason: string, io: Io): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC
  const fd = io.open(join(directory.quarantine, `${kept}.reason`), flags, 0o600)
  try {
    const bytes = Buffer.from(`${reason}\n`)
    io.write(fd, bytes, 0, bytes.length)
  } finally {
    io.close(fd)
  }
}
