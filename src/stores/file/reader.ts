import { hash } from 'node:crypto'
import { constants } from 'node:fs'
import { join, sep } from 'node:path'
import type { SessionRecord, Stored, Version } from '../../core/store.ts'
import { deepFreeze } from './deep-freeze.ts'
import type { Directory } from './directory.ts'
import { errorCode, type Facts, type Io } from './io.ts'
import { Unreadable, type Layout } from './layout.ts'

/** What lies under an id. */
export type Look =
  | { readonly kind: 'absent' }
  | { readonly kind: 'found'; readonly stored: Stored }
  | { readonly kind: 'unreadable'; readonly reason: string; readonly settled: boolean }

/** Reads session files, and reads an unchanged one only once. */
export interface Reader {
  pathOf(id: string): string
  /** Looks without changing anything. */
  look(id: string): Look
  /**
   * The version of what is there, without parsing it; `null` when there is no regular file.
   * @param guess what it is likely to be: then a file is not read again only because it is young, and not looked at
   *   when we wrote just that
   */
  versionOf(id: string, guess?: Version | null): Version | null
  /**
   * Whether a session ends later than `now`. Where the beginning of its file tells, it is believed, and no more is read.
   * `false` may also mean that the file is gone or no session. For one who goes through many: what they are is not
   * remembered.
   */
  endsLater(id: string, now: number): boolean
  /** Whether a session is over by `now`, as its whole file says. It is read anew, and not remembered. */
  isOver(id: string, now: number): boolean
  /** Remembers what was just written. */
  wrote(id: string, bytes: Buffer): Version
  forget(id: string): void
}

/**
 * A file whose inode or change time says that it is younger than this, in ms, may have been changed again within
 * the same tick of the kernel's clock: it is read again instead of believed. Ticks are 10 ms at most.
 */
const RACY = 20

const MAX_CACHED = 10_000

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
/** A link is not followed; a pipe is not waited for. */
const READING = O_RDONLY | O_NOFOLLOW | O_NONBLOCK

/** How much of a file tells when the session ends, in bytes. */
const HEAD = 256

interface Whole {
  readonly facts: Facts
  readonly bytes: Buffer
}

interface Known {
  /** `null`: we wrote it ourselves and have not looked since. */
  readonly facts: Facts | null
  readonly version: Version
  /** `null` until somebody asks. */
  stored: Stored | null
  /** Whether equal facts mean equal content. */
  readonly trusted: boolean
}

/** @param maxBytes a longer file is not read at all */
export function readerOf(directory: Directory, layout: Layout, maxBytes: number, io: Io): Reader {
  const cache = new Map<string, Known>()
  const head = Buffer.allocUnsafe(HEAD)
  const within = join(directory.path, sep) // joined once: this is on the path of every request
  const pathOf = (id: string) => within + id + layout.extension

  return {
    pathOf,

    look(id) {
      const path = pathOf(id)
      const known = cache.get(id)
      let isFile = true // it was when we read it
      if (!known || known.trusted) {
        const facts = io.lstat(path)
        if (!facts) {
          cache.delete(id)
          return { kind: 'absent' }
        }
        if (known?.stored && isUnchanged(known, facts)) {
          return { kind: 'found', stored: known.stored }
        }
        isFile = facts.isFile()
      }
      try {
        if (!isFile) throw new Unreadable('it is not a regular file')
        const { known: now, whole } = load(id, path)
        now.stored ??= Object.freeze({ record: recordIn(id, whole), version: now.version })
        return { kind: 'found', stored: now.stored }
      } catch (error) {
        cache.delete(id)
        if (errorCode(error) === 'ENOENT') return { kind: 'absent' }
        if (!(error instanceof Unreadable)) throw error
        return { kind: 'unreadable', reason: error.message, settled: !isFile }
      }
    },

    versionOf(id, guess) {
      const known = cache.get(id)
      if (known?.facts === null && known.version === guess) return guess
      const path = pathOf(id)
      if (!known || known.trusted || guess !== undefined) {
        const facts = io.lstat(path)
        if (!facts?.isFile()) return null
        if (known && isUnchanged(known, facts)) return known.version
      }
      try {
        return load(id, path).known.version
      } catch (error) {
        if (errorCode(error) === 'ENOENT' || error instanceof Unreadable) return null
        throw error
      }
    },

    endsLater(id, now) {
      try {
        const told = layout.expiryIn?.(id, headOf(pathOf(id))) ?? NaN
        return (Number.isNaN(told) ? endOf(id) : told) > now
      } catch {
        return false // whoever looks at it under the lock will see
      }
    },

    isOver(id, now) {
      try {
        return endOf(id) <= now
      } catch (error) {
        if (errorCode(error) === 'ENOENT' || error instanceof Unreadable) return false
        throw error
      }
    },

    wrote(id, bytes) {
      const version = versionFrom(bytes)
      remember(id, { facts: null, version, stored: null, trusted: false })
      return version
    },

    forget: (id) => void cache.delete(id),
  }

  /** Reads a file that is new or may have changed. The facts are taken before the content, so they are never newer. */
  function load(id: string, path: string): { known: Known; whole: Whole } {
    const before = io.now()
    const whole = wholeOf(path)
    const version = versionFrom(whole.bytes)
    const last = cache.get(id)
    const stored = last?.version === version ? last.stored : null
    const { facts } = whole
    const known = { facts, version, stored, trusted: isSettled(facts, before) }
    remember(id, known)
    return { known, whole }
  }

  function wholeOf(path: string): Whole {
    const fd = open(path, READING)
    try {
      const facts = io.fstat(fd)
      if (!facts.isFile()) throw new Unreadable('it is not a regular file')
      if (facts.size > BigInt(maxBytes)) throw new Unreadable(`it is longer than ${maxBytes} bytes`)
      return { facts, bytes: readAll(fd, Number(facts.size)) }
    } finally {
      io.close(fd)
    }
  }

  function headOf(path: string): string {
    const fd = io.open(path, READING)
    try {
      return head.toString('latin1', 0, io.read(fd, head, 0, head.length))
    } finally {
      io.close(fd)
    }
  }

  function endOf(id: string): number {
    return recordIn(id, wholeOf(pathOf(id))).expiresAt
  }

  function recordIn(id: string, { facts, bytes }: Whole): SessionRecord {
    return deepFreeze(layout.decode(id, bytes, Number(facts.mtimeMs)))
  }

  function open(path: string, flags: number): number {
    try {
      return io.open(path, flags)
    } catch (error) {
      if (errorCode(error) === 'ELOOP') throw new Unreadable('it is a link')
      throw error
    }
  }

  function readAll(fd: number, size: number): Buffer {
    // one byte more, to see whether the file has grown since
    const buffer = Buffer.allocUnsafe(Math.min(size, maxBytes) + 1)
    let length = 0
    while (length < buffer.length) {
      const count = io.read(fd, buffer, length, buffer.length - length)
      length += count
      // a read that is short where the file shall end has seen its end
      if (count === 0 || length === size) return buffer.subarray(0, length)
    }
    throw new Unreadable('it is being written')
  }

  function remember(id: string, known: Known): void {
    if (cache.size >= MAX_CACHED && !cache.has(id)) {
      const [oldest] = cache.keys()
      cache.delete(oldest as string)
    }
    cache.set(id, known)
  }
}

/** A change time ahead of the clock, or too near to it, proves nothing. */
function isSettled(facts: Facts, now: number): boolean {
  return Number(facts.ctimeNs / 1_000_000n) < now - RACY
}

/**
 * A rename over the file brings another inode; an edit in place moves the change time, which no program can set
 * back (`utimes` cannot).
 */
function isUnchanged({ facts }: Known, now: Facts): boolean {
  return (
    facts !== null &&
    facts.ctimeNs === now.ctimeNs &&
    facts.ino === now.ino &&
    facts.size === now.size &&
    facts.mtimeNs === now.mtimeNs
  )
}

/** The whole content decides, so a version holds across processes and however often the file was copied about. */
function versionFrom(bytes: Buffer): Version {
  return hash('sha256', bytes, 'base64url')
}
