import { constants } from 'node:fs'
import type { Io } from '../../src/files.ts'
import { factsOf, failure, lookUp, newInode, type Inode, type Place } from './inode.ts'

/**
 * A disk in memory with a clock of its own: `Io` as the file store uses it, with the results and the error codes
 * of the real one. Sleeping moves the clock, so that nothing ever waits.
 */
export interface Disk {
  readonly io: Io
  readonly root: Inode
  /** Milliseconds since the machine was started. */
  elapsed: number
  /** How many files and directories are open. */
  opened(): number
  /** What lies under a path. */
  at(path: string): Inode | undefined
  /** Puts a file there in place, as an editor would. */
  put(path: string, content: string | Buffer): void
  link(path: string, target: string): void
  /** Another program opens a file and closes it after so many ms. */
  hold(path: string, ms: number): void
}

/** What an operation does to the disk. */
export type Effect =
  | { readonly kind: 'names'; readonly changes: readonly NameChange[] }
  | { readonly kind: 'bytes'; readonly inode: Inode; readonly bytes: Buffer }
  | { readonly kind: 'sync'; readonly inode: Inode }

export interface NameChange extends Place {
  readonly inode: Inode | null
}

export interface DiskOptions {
  /** What somebody has open cannot be replaced, and its removal is refused, or takes place when it is closed. */
  windows?: 'refuses' | 'delays'
  /** Names that differ in case, or in dots and blanks at their end, are one. */
  folds?: boolean
  /** What is there at the start. Default: nothing. */
  root?: Inode
  observe?: (effect: Effect) => void
}

/** When the machine was started, in ms since the epoch. */
export const STARTED = 1_795_338_372_123

/** Every how many ms the clock ticks that the kernel stamps files from; 0: it tells any two changes apart. */
export const kernel = { tick: 4 }

/** How long an operation takes, in ms. */
const COST = 0.02

const { O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW, O_WRONLY, O_RDWR } = constants

export function memoryDisk(options: DiskOptions = {}): Disk {
  const { windows, folds = false, observe } = options
  const root = options.root ?? newInode('directory', 0, 0o755, STARTED)
  const open = new Map<number, { readonly inode: Inode; readonly flags: number; at: number }>()
  let holders: { readonly inode: Inode; readonly until: number }[] = []
  /** Removed while they were open: their names go when they are closed. */
  const doomed = new Map<Inode, () => void>()
  /** Inode numbers are used again at once, as by ext4. */
  const freed: number[] = []
  let created = options.root ? 1_000_000 : 0
  let descriptors = 2

  const disk: Disk = {
    root,
    elapsed: 0,
    opened: () => open.size,

    at(path) {
      const place = lookUp(root, path, folds)
      return typeof place === 'string' ? undefined : entry(place)
    },

    put(path, content) {
      const place = placeOf(path, 'put')
      change(entry(place) ?? create(place, 'file', 0o600), Buffer.from(content))
    },

    link: (path, target) =>
      change(create(placeOf(path, 'symlink'), 'link', 0o777), Buffer.from(target)),

    hold(path, ms) {
      const inode = disk.at(path)
      if (inode) holders.push({ inode, until: disk.elapsed + ms })
    },

    io: {
      open(path, flags, mode = 0o666) {
        pass(COST)
        const place = placeOf(path, 'open')
        const found = entry(place)
        if (found && has(flags, O_CREAT | O_EXCL)) throw failure('EEXIST', 'open', path)
        if (found?.kind === 'link') {
          if (has(flags, O_NOFOLLOW)) throw failure('ELOOP', 'open', path)
          return disk.io.open(found.bytes.toString(), flags, mode)
        }
        if (found && doomed.has(found)) throw failure('EPERM', 'open', path)
        if (!found && !has(flags, O_CREAT)) throw failure('ENOENT', 'open', path)
        if (found?.kind === 'directory' && (isWriting(flags) || has(flags, O_CREAT))) {
          throw failure('EISDIR', 'open', path)
        }
        const inode = found ?? create(place, 'file', mode)
        if (has(flags, O_TRUNC) && inode.bytes.length > 0) change(inode, Buffer.alloc(0))
        open.set(++descriptors, { inode, flags, at: 0 })
        return descriptors
      },

      close(fd) {
        pass(COST)
        handle(fd, 'close')
        open.delete(fd)
        letGo()
      },

      read(fd, buffer, offset, length) {
        pass(COST)
        const file = handle(fd, 'read')
        if (has(file.flags, O_WRONLY)) throw failure('EBADF', 'read')
        if (file.inode.kind === 'directory') throw failure('EISDIR', 'read')
        const count = file.inode.bytes.copy(buffer, offset, file.at, file.at + length)
        file.at += count
        return count
      },

      write(fd, buffer, offset, length) {
        pass(COST)
        const file = handle(fd, 'write')
        if (!isWriting(file.flags)) throw failure('EBADF', 'write')
        const { bytes } = file.inode
        const next = Buffer.alloc(Math.max(bytes.length, file.at + length))
        bytes.copy(next)
        buffer.copy(next, file.at, offset, offset + length)
        file.at += length
        change(file.inode, next)
        return length
      },

      async fsync(fd) {
        pass(COST)
        const { inode } = handle(fd, 'fsync')
        if (windows && inode.kind === 'directory') throw failure('EPERM', 'fsync')
        observe?.({ kind: 'sync', inode })
      },

      fstat(fd) {
        pass(COST)
        return factsOf(handle(fd, 'fstat').inode)
      },

      lstat(path) {
        pass(COST)
        const place = lookUp(root, path, folds)
        if (place === 'ENOENT') return undefined
        if (place === 'ENOTDIR') throw failure(place, 'lstat', path)
        const inode = entry(place)
        if (inode && doomed.has(inode)) throw failure('EPERM', 'lstat', path)
        return inode && factsOf(inode)
      },

      rename(from, to) {
        pass(COST)
        const source = placeOf(from, 'rename')
        const target = placeOf(to, 'rename')
        const inode = entry(source)
        const replaced = entry(target)
        if (!inode) throw failure('ENOENT', 'rename', from)
        if (inode === replaced) return
        const refusal = refuseRename(source, inode, target, replaced)
        if (refusal) throw failure(refusal, 'rename', from)
        inode.changed = stamp()
        name([
          { ...source, inode: null },
          { ...target, inode },
        ])
        if (replaced) release(replaced)
      },

      busy: windows ? ['EPERM', 'EACCES', 'EBUSY'] : [],

      unlink(path) {
        pass(COST)
        const place = placeOf(path, 'unlink')
        const inode = entry(place)
        if (!inode) throw failure('ENOENT', 'unlink', path)
        if (inode.kind === 'directory') throw failure(windows ? 'EPERM' : 'EISDIR', 'unlink', path)
        if (doomed.has(inode)) throw failure('EPERM', 'unlink', path)
        if (!windows || !isOpen(inode)) remove(place, inode)
        else if (windows === 'refuses') throw failure('EBUSY', 'unlink', path)
        else doomed.set(inode, () => remove(place, inode))
      },

      discard: async (path) => disk.io.unlink(path),

      mkdir(path, mode) {
        pass(COST)
        const place = placeOf(path, 'mkdir')
        if (entry(place)) throw failure('EEXIST', 'mkdir', path)
        create(place, 'directory', mode)
      },

      rmdir(path) {
        pass(COST)
        const place = placeOf(path, 'rmdir')
        const inode = entry(place)
        if (!inode) throw failure('ENOENT', 'rmdir', path)
        if (inode.kind !== 'directory') throw failure('ENOTDIR', 'rmdir', path)
        if (inode.names.size > 0) throw failure('ENOTEMPTY', 'rmdir', path)
        remove(place, inode)
      },

      readdir(path) {
        pass(COST)
        return [...directoryAt(path, 'scandir').names.keys()]
      },

      async *entries(path) {
        pass(COST)
        const inode = directoryAt(path, 'opendir')
        const fd = ++descriptors
        open.set(fd, { inode, flags: 0, at: 0 })
        try {
          yield [...inode.names.keys()]
        } finally {
          open.delete(fd)
        }
      },

      watch: () => ({ close() {} }),
      now: () => Math.floor(STARTED + disk.elapsed),
      elapsed: () => disk.elapsed,
      sleep: async (ms) => pass(ms),
      nap: pass,
    },
  }
  return disk

  function pass(ms: number): void {
    disk.elapsed += ms
    if (holders.length === 0) return
    holders = holders.filter(({ until }) => until > disk.elapsed)
    letGo()
  }

  function placeOf(path: string, syscall: string): Place {
    const place = lookUp(root, path, folds)
    if (typeof place === 'string') throw failure(place, syscall, path)
    return place
  }

  function entry({ directory, name: key }: Place): Inode | undefined {
    return key === '' ? directory : directory.names.get(key)
  }

  function directoryAt(path: string, syscall: string): Inode {
    const inode = entry(placeOf(path, syscall))
    if (!inode) throw failure('ENOENT', syscall, path)
    if (inode.kind === 'link') return directoryAt(inode.bytes.toString(), syscall)
    if (inode.kind !== 'directory') throw failure('ENOTDIR', syscall, path)
    return inode
  }

  function handle(fd: number, syscall: string) {
    const found = open.get(fd)
    if (!found) throw failure('EBADF', syscall)
    return found
  }

  function create(place: Place, kind: Inode['kind'], mode: number): Inode {
    const inode = newInode(kind, freed.pop() ?? ++created, mode, stamp())
    name([{ ...place, inode }])
    return inode
  }

  function change(inode: Inode, bytes: Buffer): void {
    inode.bytes = bytes
    inode.modified = inode.changed = stamp()
    observe?.({ kind: 'bytes', inode, bytes })
  }

  function name(changes: readonly NameChange[]): void {
    for (const { directory, name: key, inode } of changes) {
      if (inode) directory.names.set(key, inode)
      else directory.names.delete(key)
      directory.modified = directory.changed = stamp()
    }
    observe?.({ kind: 'names', changes })
  }

  function remove(place: Place, inode: Inode): void {
    name([{ ...place, inode: null }])
    release(inode)
  }

  function release(inode: Inode): void {
    if (!isOpen(inode)) freed.push(inode.ino)
  }

  function letGo(): void {
    for (const [inode, removed] of doomed) {
      if (isOpen(inode)) continue
      doomed.delete(inode)
      removed()
    }
  }

  function isOpen(inode: Inode): boolean {
    for (const file of open.values()) if (file.inode === inode) return true
    return holders.some((holder) => holder.inode === inode)
  }

  function stamp(): number {
    const now = STARTED + disk.elapsed
    return kernel.tick === 0 ? now : Math.floor(now / kernel.tick) * kernel.tick
  }

  function refuseRename(
    source: Place,
    inode: Inode,
    target: Place,
    replaced: Inode | undefined,
  ): string | null {
    if (holds(inode, target.directory)) return 'EINVAL'
    if (replaced && holds(replaced, source.directory)) return 'ENOTEMPTY'
    if (replaced && inode.kind === 'directory') {
      if (windows) return 'EPERM'
      if (replaced.kind !== 'directory') return 'ENOTDIR'
      if (replaced.names.size > 0) return 'ENOTEMPTY'
    } else if (replaced?.kind === 'directory') return windows ? 'EPERM' : 'EISDIR'
    if (!windows) return null
    if (isOpen(inode)) return 'EBUSY'
    return replaced && isOpen(replaced) ? 'EPERM' : null
  }
}

/** Whether a directory is another one, or above it. */
function holds(above: Inode, directory: Inode): boolean {
  if (above.kind !== 'directory') return false
  return above === directory || [...above.names.values()].some((inner) => holds(inner, directory))
}

function has(flags: number, wanted: number): boolean {
  return (flags & wanted) === wanted
}

function isWriting(flags: number): boolean {
  return has(flags, O_WRONLY) || has(flags, O_RDWR)
}
