import type { AtomicFiles } from './atomic.ts'
import type { Directory } from './directory.ts'
import type { Io } from './io.ts'
import { closeWay, discard, openWay } from './quarantine.ts'
import type { Reader } from './reader.ts'

/** What removing needs from its store. */
export interface Removal {
  readonly directory: Directory
  readonly files: AtomicFiles
  readonly reader: Reader
  readonly io: Io
  /** Runs work under the lock of a session, as a holder that others can take over. */
  locked<T>(id: string, token: string, work: () => T): Promise<T>
}

/** Removes the expired sessions of one sweep. */
export interface Remover {
  /** @returns whether the session was expired and is gone now */
  removeIfExpired(id: string): Promise<boolean>
  end(): void
}

/**
 * A file is moved out of the way before it is removed: the way is gone when the sweep was stopped and taken over
 * between its last look and the removal, and then it cannot remove what was stored meanwhile.
 * @param now milliseconds since the epoch
 */
export function expiredRemover(
  { directory, files, reader, io, locked }: Removal,
  now: number,
): Remover {
  const token = files.token()
  let way: string | undefined

  const isExpired = (id: string): boolean => {
    const look = reader.look(id)
    return look.kind === 'found' && look.stored.record.expiresAt <= now
  }

  return {
    async removeIfExpired(id) {
      if (reader.endsLater(id, now) || !isExpired(id)) return false
      const through = (way ??= openWay(directory, token, io))
      return locked(id, token, () => {
        if (!isExpired(id) || !discard(reader.pathOf(id), through, io)) return false
        reader.forget(id)
        return true
      })
    },

    end() {
      if (way !== undefined) closeWay(way, io)
    },
  }
}
