import { constants } from 'node:fs'
import { basename, join } from 'node:path'
import type { Directory } from './directory.ts'
import { unless, type Io } from './io.ts'

/**
 * Moves a file that is no session out of the way, with the reason beside it. It is never deleted.
 * The caller holds the lock; the way leads through a directory of the caller's own, so that one who was taken
 * over meanwhile can move nothing any more.
 * @param token the lock's holder
 * @returns the file's new name, relative to the session directory; `null` when it is gone
 */
export function quarantine(
  directory: Directory,
  path: string,
  token: string,
  reason: string,
  io: Io,
): string | null {
  const way = join(directory.temporary, token)
  const kept = `${basename(path)}.${new Date(io.now()).toISOString().replaceAll(':', '')}`
  directory.make()
  io.mkdir(way, 0o700)
  try {
    if (!unless('ENOENT', () => io.rename(path, join(way, kept)))) return null
    io.rename(join(way, kept), join(directory.quarantine, kept))
  } finally {
    unless('ENOENT ENOTEMPTY', () => io.rmdir(way))
  }
  writeNote(join(directory.quarantine, `${kept}.reason`), `${reason}\n`, io)
  return join('.vitrine', 'quarantine', kept)
}

function writeNote(path: string, text: string, io: Io): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC
  const fd = io.open(path, flags, 0o600)
  try {
    const bytes = Buffer.from(text)
    io.write(fd, bytes, 0, bytes.length)
  } finally {
    io.close(fd)
  }
}
