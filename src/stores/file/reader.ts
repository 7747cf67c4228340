import { hash } from 'node:crypto'
import { join, sep } from 'node:path'
import { freezeJson } from '../../core/copy.ts'
import type { SessionRecord, Stored, Version } from '../../core/store.ts'
import type { Directory } from './directory.ts'
import { errorCode, type Facts, type Io } from './io.ts'
import { Unreadable, type Layout } from './layout.ts'
import { headOf, wholeOf, type Whole } from './whole-file.ts'

/** What lies under an id. */
export type Look =
  | { readonly kind: 'absent' }
  | { readonly kind: 'found'; readonly stored: Stored }
  | { readonly kind: 'unreadable'; readonly reason: string; readonly settled: boolean }

/** What tells the state of a file from any other. */
export type Stamp = Pick<Facts, 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>

/** What is known of a file that was just written. */
export interface Written {
  readonly version: Version
  /** As long as the file has it, it is the same. `null`: nobody can tell whether somebody has edited it since. */
  readonly stamp: Stamp | null
  /** Of the text, in bytes. */
  readonly size: number
}

/** Reads session files, and reads an unchanged one only once. */
export interface Reader {
  pathOf(id: string): string
  /** Looks without changing anything. */
  look(id: string): Look
  /** The version of what is there, without parsing it; `null` when there is no regular file. */
  versionOf(id: string): Version | null
  /** Whether a version is gone for certain. Where nothing speaks against it, nobody looks. */
  isPast(id: string, version: Version | null): boolean
  /**
   * Whether a session ends later than `now`. Where the beginning of its file tells, it is believed, and no more is read.
   * `false` may also mean that the file is gone or no session. For one who goes through many: what they are is not
   * remembered.
   */
  endsLater(id: string, now: number): boolean
  /** Whether a session is over by `now`, as its whole file says. It is read anew, and not remembered. */
  isOver(id: string, now: number): boolean
  /**
   * Remembers what was just written and moved into place.
   * @param prepared the facts before that, where they tell any change
   */
  wrote(id: string, bytes: Buffer, prepared: Facts | null): Written
  /**
   * Remembers what was written, by this thread or another one.
   * @param record what it says, which is kept when it is frozen
   */
  learn(id: string, record: SessionRecord, written: Written): void
  forget(id: string): void
}

/**
 * A file whose inode or change time says that it is younger than this, in ms, may have been changed again within
 * the same tick of the kernel's clock: it is read again instead of believed. Ticks are 10 ms at most.
 */
const RACY = 20

/** So many sessions are remembered, or so many bytes of text, which are a few times as much in memory. */
const MAX_CACHED = 10_000
const MAX_HELD = 32 * 1024 * 1024

interface Known extends Written {
  /** `null` until somebody asks. */
  stored: Stored | null
}

interface Loaded {
  readonly known: Known
  readonly whole: Whole
}

/** @param maxBytes a longer file is not read at all */
export function readerOf(directory: Directory, layout: Layout, maxBytes: number, io: Io): Reader {
  const cache = new Map<string, Known>()
  let held = 0
  const within = join(directory.path, sep) // joined once: this is on the path of every request
  const pathOf = (id: string) => within + id + layout.extension

  return {
    pathOf,

    look(id) {
      const path = pathOf(id)
      const known = cache.get(id)
      let isFile = true // it was when we read it
      if (known?.stamp !== null) {
        const facts = io.lstat(path)
        if (!facts) {
          forget(id)
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
        forget(id)
        if (errorCode(error) === 'ENOENT') return { kind: 'absent' }
        if (!(error instanceof Unreadable)) throw error
        return { kind: 'unreadable', reason: error.message, settled: !isFile }
      }
    },

    versionOf,

    isPast(id, version) {
      const known = cache.get(id)
      return known !== undefined && known.version !== version && versionOf(id) !== version
    },

    endsLater(id, now) {
      try {
        const told = layout.expiryIn?.(id, headOf(pathOf(id), io)) ?? NaN
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

    wrote(id, bytes, prepared) {
      const stamp = prepared && movedStamp(pathOf(id), prepared)
      const written = { version: versionFrom(bytes), stamp, size: bytes.length }
      remember(id, { ...written, stored: null })
      return written
    },

    learn,
    forget,
  }

  function versionOf(id: string): Version | null {
    const known = cache.get(id)
    const path = pathOf(id)
    if (known?.stamp !== null) {
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
  }

  /** Reads a file that is new or may have changed. The facts are taken before the content, so they are never newer. */
  function load(id: string, path: string): Loaded {
    const before = io.now()
    const whole = wholeOf(path, maxBytes, io)
    const version = versionFrom(whole.bytes)
    const last = cache.get(id)
    const stored = last?.version === version ? last.stored : null
    const stamp = isSettled(whole.facts, before) ? whole.facts : null
    const known = { version, stamp, size: whole.bytes.length, stored }
    remember(id, known)
    return { known, whole }
  }

  /** @returns `null`: somebody has edited it since, or nobody can tell; to move a file changes its change time only */
  function movedStamp(path: string, prepared: Facts): Stamp | null {
    try {
      const now = io.lstat(path)
      if (!now || !isSameContent(prepared, now)) return null
      const { ino, size, mtimeNs, ctimeNs } = now
      return { ino, size, mtimeNs, ctimeNs }
    } catch {
      return null // it is stored all the same
    }
  }

  function endOf(id: string): number {
    return recordIn(id, wholeOf(pathOf(id), maxBytes, io)).expiresAt
  }

  function recordIn(id: string, { facts, bytes }: Whole): SessionRecord {
    const record = layout.decode(id, bytes, Number(facts.mtimeMs))
    try {
      return freezeJson(record)
    } catch (error) {
      throw new Unreadable((error as RangeError).message)
    }
  }

  function learn(id: string, record: SessionRecord, written: Written): void {
    const isKnown = Object.isFrozen(record) && layout.isExact?.(record)
    const stored = isKnown ? Object.freeze({ record, version: written.version }) : null
    remember(id, { ...written, stored })
  }

  function remember(id: string, known: Known): void {
    forget(id)
    cache.set(id, known)
    held += known.size
    for (const oldest of cache.keys()) {
      if (cache.size <= MAX_CACHED && held <= MAX_HELD) break
      forget(oldest)
    }
  }

  function forget(id: string): void {
    held -= cache.get(id)?.size ?? 0
    cache.delete(id)
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
function isUnchanged({ stamp }: Known, now: Facts): boolean {
  return stamp !== null && stamp.ctimeNs === now.ctimeNs && isSameContent(stamp, now)
}

function isSameContent(stamp: Stamp, now: Facts): boolean {
  return stamp.ino === now.ino && stamp.size === now.size && stamp.mtimeNs === now.mtimeNs
}

/** The whole content decides, so a version holds across processes and however often the file was copied about. */
function versionFrom(bytes: Buffer): Version {
  return hash('sha256', bytes, 'base64url')
}
