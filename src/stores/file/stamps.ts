import { create, type Io } from './io.ts'

/** Less than a tick of any kernel's clock, in ms: one that counts in ticks has two times at most for what is done in it. */
const TICK = 0.9
const CHANGES = 3

/** A disk that takes longer to say so, in ms, is slow; and what it says may be what somebody remembers for it. */
const SLOW = 5

const BYTE = Buffer.from('\n')

/**
 * Whether any two changes of a file get different times when somebody looks in between. So it is since Linux 6.13 on
 * ext4, XFS, Btrfs and tmpfs (multigrain timestamps), and on APFS. Elsewhere all changes within a tick get the same.
 * @param path of a file that is made for this, and removed
 */
export function tellsChangesApart(path: string, io: Io): boolean {
  try {
    const since = io.elapsed()
    const fd = create(path, io)
    try {
      for (let begun = since; begun - since < SLOW; begun = io.elapsed()) {
        const times = new Set<bigint>()
        for (let change = 0; change < CHANGES; change++) {
          io.write(fd, BYTE, 0, 1)
          times.add(io.fstat(fd).ctimeNs)
        }
        if (io.elapsed() - begun < TICK) return times.size === CHANGES
      }
    } finally {
      try {
        io.close(fd)
      } finally {
        io.unlink(path)
      }
    }
  } catch {
    // then nothing is trusted that need not be
  }
  return false
}
