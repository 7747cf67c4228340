import { constants } from 'node:fs'
import { errorCode, unless, type Io } from './io.ts'

/** New and removed names survive a power cut only when their directory is on the disk. */
export async function syncNames(directory: string, io: Io): Promise<void> {
  let fd = -1
  const open = () => void (fd = io.open(directory, constants.O_RDONLY))
  if (!unless('ENOENT', open)) return // what was in it is gone as well
  try {
    await io.fsync(fd)
  } catch (error) {
    // Windows refuses: its disks keep a journal of names
    if (!io.busy.includes(errorCode(error))) throw error
  } finally {
    io.close(fd)
  }
}

/**
 * Group commit: whoever comes while the disk is at work waits for the next sync, and all of them share it.
 * @returns waits until every name that was made or removed before the call is on the disk
 */
export function sharedSync(sync: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve()
  let next: Promise<void> | null = null
  const start = () => {
    next = null
    return sync()
  }
  return () => (next ??= last = last.then(start, start))
}
