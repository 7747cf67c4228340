import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { join, sep } from 'node:path'
import type { Stored, Version } from '../../core/store.ts'
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
   * @param guess do not read a file again only because it is young
   */
  versionOf(id: string, guess?: 'guess'): Version | null
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

/** Far more levels than the engine stores. */
const MAX_DEPTH = 1000

interface Known {
  readonly facts: Facts
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
      const facts = io.lstat(path)
      if (!facts) {
        cache.delete(id)
        return { kind: 'absent' }
      }
      const known = cache.get(id)
      if (known?.trusted && known.stored && same(known.facts, facts)) {
        return { kind: 'found', stored: known.stored }
      }
      try {
        return { kind: 'found', stored: parse(id, load(id, path, facts)) }
      } catch (error) {
        cache.delete(id)
        if (errorCode(error) === 'ENOENT') return { kind: 'absent' }
        if (!(error instanceof Unreadable)) throw error
        return { kind: 'unreadable', reason: error.message, settled: !facts.isFile() }
      }
    },

    versionOf(id, guess) {
      const path = pathOf(id)
      const facts = io.lstat(path)
      if (!facts?.isFile()) return null
      const known = cache.get(id)
      if (known && (known.trusted || guess) && same(known.facts, facts)) return known.version
      try {
        return load(id, path, facts).known.version
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
      cache.delete(id)
      try {
        const facts = io.lstat(pathOf(id))
        if (facts) remember(id, { facts, version, stored: null, trusted: false })
      } catch {
        // it is written: not to know it by heart is no reason to fail
      }
      return version
    },

    forget: (id) => void cache.delete(id),
  }

  /** Reads a file that is new or may have changed. The facts are taken before the content, so they are never newer. */
  function load(id: string, path: string, seen: Facts): { known: Known; bytes: Buffer } {
    if (!seen.isFile()) throw new Unreadable('it is not a regular file')
    const before = io.now()
    const { facts, bytes } = wholeOf(path)
    const version = versionFrom(bytes)
    const stored = cache.get(id)?.version === version ? (cache.get(id)?.stored ?? null) : null
    const known = { facts, version, stored, trusted: isSettled(facts, before) }
    remember(id, known)
    return { known, bytes }
  }

  function wholeOf(path: string): { facts: Facts; bytes: Buffer } {
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
    const { facts, bytes } = wholeOf(pathOf(id))
    return deepFreeze(layout.decode(id, bytes, Number(facts.mtimeMs)), MAX_DEPTH).expiresAt
  }

  function parse(id: string, { known, bytes }: { known: Known; bytes: Buffer }): Stored {
    known.stored ??= Object.freeze({
      record: deepFreeze(layout.decode(id, bytes, Number(known.facts.mtimeMs)), MAX_DEPTH),
      version: known.version,
    })
    return known.stored
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
      if (count === 0) return buffer.subarray(0, length)
      length += count
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
function same(a: Facts, b: Facts): boolean {
  return a.ctimeNs === b.ctimeNs && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs
}

/** The whole content decides, so a version holds across processes and however often the file was copied about. */
function versionFrom(bytes: Buffer): Version {
  return createHash('sha256').update(bytes).digest('base64url')
}

/**
 * Freezes a value all through: the cache hands it out again and again.
 * @param levels a bound that keeps a hostile file from exhausting the stack
 */
function deepFreeze<T extends object>(value: T, levels: number): T {
  if (levels === 0) throw new Unreadable(`it is nested deeper than ${MAX_DEPTH} levels`)
  for (const key in value) {
    const member: unknown = value[key]
    if (typeof member === 'object' && member !== null) deepFreeze(member, levels - 1)
    // what `JSON.parse` makes of 1e400 is no JSON any more; a time may be that, data may not
    else if (levels < MAX_DEPTH && (member === Infinity || member === -Infinity)) {
      throw new Unreadable('it holds a number without bounds')
    }
  }
  return Object.freeze(value)
}
