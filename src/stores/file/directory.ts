import { dirname, join, resolve } from 'node:path'
import { VitrineError } from '../../core/errors.ts'
import type { Report } from '../../core/events.ts'
import { create, errorCode, namesIn, unless, type Io } from './io.ts'
import { sharedSync, syncNames } from './names-sync.ts'

/** How often the directory is made that somebody removes again; then the disk is to blame. */
const MAKE_TRIES = 10

/** Where everything of one session directory lies. */
export interface Directory {
  /** Absolute. */
  readonly path: string
  /** Files that are being written, one to a writer. */
  readonly temporary: string
  readonly locks: string
  readonly quarantine: string
  /**
   * Makes whatever of it is missing; fine to call again.
   * @param report hears when others may write in it
   */
  make(report?: Report): void
  /**
   * Waits until what was moved into it or removed before, by whomever, stays so after a power cut as well; not at all
   * where it need not.
   */
  settle(): Promise<void>
  /**
   * Removes what was set aside and what is being written; a writer that loses its file starts over. The locks
   * stay: other processes may hold them.
   */
  wipe(): void
}

/**
 * The session directory: the sessions lie in it, everything of ours beside them in `.vitrine/`.
 * @param durable whether names shall survive a power cut
 */
export function directoryAt(dir: string, io: Io, durable = false): Directory {
  const path = resolve(dir)
  const own = join(path, '.vitrine')
  const sync = sharedSync(() => syncNames(path, io))
  /** Where directories were made. */
  const unsynced = new Set<string>()
  const directory: Directory = {
    path,
    temporary: join(own, 'tmp'),
    locks: join(own, 'locks'),
    quarantine: join(own, 'quarantine'),

    make(report) {
      for (let tries = 1; ; tries++) {
        try {
          return makeAtOnce(report)
        } catch (error) {
          if (errorCode(error) !== 'ENOENT' || tries === MAKE_TRIES) throw error
        }
      }
    },

    async settle() {
      if (!durable) return
      for (const parent of unsynced) {
        await syncNames(parent, io)
        unsynced.delete(parent)
      }
      await sync()
    },

    wipe() {
      for (const inner of [directory.temporary, directory.quarantine]) {
        for (const name of namesIn(inner, io)) {
          unless('ENOENT EISDIR EPERM', () => io.unlink(join(inner, name)))
        }
      }
    },
  }
  return directory

  /** @throws ENOENT when somebody removes the directory meanwhile */
  function makeAtOnce(report?: Report): void {
    const found = io.lstat(path) ?? makeAll(path)
    if (found) {
      // a link to a directory is the administrator's choice; what matters is where it leads
      // to read a large one would hold up everything
      if (!found.isDirectory() && !unless('ENOTDIR', () => void io.readdir(path))) {
        throw new VitrineError(
          'CONFIG',
          `Cannot keep sessions in ${JSON.stringify(dir)}: it is not a directory`,
        )
      }
      if (found.isDirectory() && (found.mode & 0o022n) !== 0n) warn(dir, report)
    }
    // where the temporary files can be written, another process takes the rest to be there
    for (const inner of [own, directory.locks, directory.quarantine, directory.temporary]) {
      if (unless('EEXIST', () => io.mkdir(inner, 0o700))) continue
      // a link could lead the sweep to files that are not ours
      if (io.lstat(inner)?.isDirectory() !== false) continue
      throw new VitrineError(
        'CONFIG',
        `Cannot keep sessions in ${JSON.stringify(dir)}: remove what stands in the place of its .vitrine`,
      )
    }
    keepOutOfGit()
  }

  /** Makes the directory with its parents. */
  function makeAll(missing: string): undefined {
    const parent = dirname(missing)
    try {
      io.mkdir(missing, 0o700)
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return
      if (errorCode(error) !== 'ENOENT' || parent === missing) throw error
      makeAll(parent)
      unless('EEXIST', () => io.mkdir(missing, 0o700))
    }
    if (durable) unsynced.add(parent)
  }

  function keepOutOfGit(): void {
    unless('EEXIST', () => {
      const fd = create(join(path, '.gitignore'), io)
      try {
        io.write(fd, Buffer.from('*\n'), 0, 2)
      } finally {
        io.close(fd)
      }
    })
  }

  function warn(name: string, report?: Report): void {
    report?.({
      type: 'warning',
      at: io.now(),
      code: 'DIRECTORY_OPEN',
      message: `Others may write in ${JSON.stringify(name)} and so forge sessions; run: chmod go-w ${JSON.stringify(name)}`,
    })
  }
}
