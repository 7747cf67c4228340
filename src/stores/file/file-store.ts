import { join } from 'node:path'
import { VitrineError } from '../../core/errors.ts'
import { sessionTag, type Report } from '../../core/events.ts'
import type { SessionRecord, Store, Stored, Version } from '../../core/store.ts'
import { atomicFiles } from './atomic.ts'
import { directoryAt } from './directory.ts'
import { expiredRemover } from './expired.ts'
import { failing, storeError } from './failure.ts'
import { errorCode, nodeIo } from './io.ts'
import { idsOf, textOf, type Layout } from './layout.ts'
import { lockOf, locksIn, WRITER } from './lock.ts'
import { DEFAULT_MAX_BYTES, type FileStoreOptions } from './options.ts'
import { closeWay, openWay, quarantine, writeReason } from './quarantine.ts'
import { readerOf, type Look, type Written } from './reader.ts'
import { sweep, type Aside } from './reap.ts'
import { watchDirectory } from './watch.ts'

/**
 * An unreadable file may be in the middle of being written by another program: it is read again this often, after a rest in
 * ms each. Counted, so that a time in which the whole machine stood still does not end it.
 */
const MID_WRITE = { looks: 6, rest: 5 } as const

/** How often a writer that was taken over starts over before it gives up. */
const MAX_STARTS = 20

/**
 * Puts a text under an id that the store accepts, if the version is still the one that is expected. Tells all that is known
 * then.
 */
export type Put = (id: string, text: string, expected: Version | null) => Promise<Written | null>

/** A store of files, one of two threads that have one each on the same directory. */
export interface FileStore extends Store {
  /** @param aside puts it there for this one, which need not read it back then */
  write(
    id: string,
    record: SessionRecord,
    expected: Version | null,
    aside?: Put,
  ): Promise<Version | null>
  /** What is asked of it for the other one. */
  put: Put
}

/**
 * Keeps sessions in files, one each. Every write is a compare-and-swap that replaces the file whole, also between
 * processes.
 * @param aside sweeps where there are many
 */
export function fileStore(options: FileStoreOptions, layout: Layout, aside?: Aside): FileStore {
  const { io = nodeIo, maxBytes = DEFAULT_MAX_BYTES, durability = 'crash' } = options
  let report: Report = () => {}
  const directory = directoryAt(options.dir ?? 'sessions', io, durability === 'power')
  const files = atomicFiles(directory, durability, io)
  const locks = locksIn(directory, io)
  const reader = readerOf(directory, layout, maxBytes, io)

  return {
    accepts: layout.accepts,

    init: (listener) =>
      failing('open the session directory', async () => {
        report = listener
        directory.make(report)
        await directory.settle()
      }),

    read: (id) =>
      failing('read a session', () => {
        if (!layout.accepts(id)) return null
        const look = reader.look(id)
        return look.kind === 'unreadable' ? readAgain(id, look) : storedOf(look)
      }),

    write: (...args) => failing('write a session', () => write(...args)),
    put: (...args) => failing('write a session', () => put(...args)),

    touch: (id, expiresAt, expected) =>
      failing('touch a session', async () => {
        const look = layout.accepts(id) ? reader.look(id) : null
        if (look?.kind !== 'found' || look.stored.version !== expected) return null
        const touched = Object.freeze({ ...look.stored.record, expiresAt })
        return write(id, touched, expected)
      }),

    turn: (id) =>
      failing('write a session', async () => {
        if (!layout.accepts(id)) return () => {}
        const name = `turn-${lockOf(id)}`
        const token = files.token()
        await locks.take(name, token)
        return () => letGo(name, token)
      }),

    delete: (id) => failing('remove a session', () => remove(id)),

    ids,

    reap: (now, signal) =>
      failing('sweep the sessions', async () => {
        const remover = expiredRemover({ directory, files, reader, io, locked }, now)
        try {
          const { token } = files
          const work = { directory, locks, io, ids: listed, token, remover, aside }
          return await sweep(work, now, signal)
        } finally {
          await remover.end()
        }
      }),

    watch: (signal) => watchDirectory(directory, layout, io, signal),

    wipe: () =>
      failing('wipe the sessions', async () => {
        // a session that is renewed meanwhile goes on under an id that was not listed
        for (let found = true; found;) {
          found = false
          for await (const id of ids()) {
            await remove(id)
            found = true
          }
        }
        await directory.settle()
        directory.wipe()
      }),
  }

  async function write(
    id: string,
    record: SessionRecord,
    expected: Version | null,
    aside?: Put,
  ): Promise<Version | null> {
    if (!layout.accepts(id) || (!aside && reader.isPast(id, expected))) return null
    const written = await (aside ?? put)(id, textOf(id, record, layout, maxBytes), expected)
    if (written) reader.learn(id, record, written)
    return written && written.version
  }

  async function put(id: string, text: string, expected: Version | null): Promise<Written | null> {
    const bytes = Buffer.from(text)
    for (let start = 0; start < MAX_STARTS; start++) {
      // what is known to be in vain is not prepared; the look under the lock decides
      if (reader.isPast(id, expected)) return null
      const token = files.token() + WRITER
      const facts = await files.prepare(token, bytes)
      try {
        const outcome = await locked(id, token, () => {
          if (reader.versionOf(id) !== expected) return 'changed'
          if (!files.publish(token, reader.pathOf(id))) return 'taken over'
          return reader.wrote(id, bytes, facts)
        })
        if (typeof outcome === 'object') {
          await directory.settle()
          return outcome
        }
        files.abandon(token)
        if (outcome === 'changed') return null
      } catch (error) {
        files.abandon(token)
        throw error
      }
    }
    throw new VitrineError(
      'STORE',
      'Cannot write a session: other processes kept taking over; is the disk stuck?',
    )
  }

  async function remove(id: string): Promise<void> {
    if (!layout.accepts(id)) return
    await locked(id, files.token(), () => {
      files.remove(reader.pathOf(id))
      reader.forget(id)
    })
    await directory.settle() // also of one that is gone: who removed it may have been cut off then
  }

  async function* ids(): AsyncGenerator<string> {
    for await (const some of listed()) yield* some
  }

  async function* listed(): AsyncGenerator<string[]> {
    try {
      for await (const names of io.entries(directory.path)) yield idsOf(names, layout)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw storeError('list the sessions', error)
    }
  }

  /**
   * Runs what must not be interrupted by another process. It is synchronous, and a lock that is free is taken at once:
   * so no request of this process finds a lock held by another one of it, and naps.
   */
  async function locked<T>(id: string, token: string, work: () => T): Promise<T> {
    const name = lockOf(id)
    if (locks.tryTake(name, token) !== true) await locks.take(name, token)
    try {
      return work()
    } finally {
      letGo(name, token)
    }
  }

  /** What was done stays done: a lock that cannot be released is taken over by whoever comes next. */
  function letGo(name: string, token: string): void {
    try {
      locks.release(name, token)
    } catch {
      // the lease ends it
    }
  }

  async function readAgain(id: string, first: Look): Promise<Stored | null> {
    let look = first
    for (let looks = 0; looks < MID_WRITE.looks; looks++) {
      if (look.kind !== 'unreadable' || look.settled) break
      await io.sleep(MID_WRITE.rest)
      look = reader.look(id)
    }
    return storedOf(look.kind === 'unreadable' ? await setAside(id) : look)
  }

  /** @returns what is there now: somebody may have set it right meanwhile */
  async function setAside(id: string): Promise<Look> {
    const token = files.token()
    const way = openWay(directory, token, io)
    try {
      return await locked(id, token, () => {
        const look = reader.look(id)
        if (look.kind !== 'unreadable') return look
        const kept = quarantine(directory, reader.pathOf(id), way, io)
        if (kept === null) return reader.look(id)
        reader.forget(id)
        const session = sessionTag(id)
        report({
          type: 'corrupt',
          at: io.now(),
          session,
          reason: look.reason,
          kept: join('.vitrine', 'quarantine', kept.replace(id, `${session}*`)),
        })
        writeReason(directory, kept, look.reason, io)
        return { kind: 'absent' }
      })
    } finally {
      closeWay(way, io)
    }
  }
}

function storedOf(look: Look): Stored | null {
  return look.kind === 'found' ? look.stored : null
}
