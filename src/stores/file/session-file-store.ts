import { isPlainObject, type JsonObject } from '../../core/data.ts'
import { beat } from '../../core/policy.ts'
import type { Report } from '../../core/events.ts'
import type { SessionRecord, Store } from '../../core/store.ts'
import { fileStore } from './file-store.ts'
import type { FileStoreOptions } from './options.ts'
import { parseObject, type Layout } from './layout.ts'
import { plainJsonLayout } from './json-layouts.ts'

/**
 * The ids of express-session, 24 random bytes as base64url, beside ours. They lie under the same name before and after
 * the upgrade, so that it is one compare-and-swap. A disk that folds case could take two of them for one: the cookie
 * that carries them is signed, so nobody can ask for a spelling that was not given to him.
 */
const ID = /^[A-Za-z0-9_-]{16,128}$/

/** What stands for a session that cannot be read: nobody is let in, and the file stays. */
const ENCRYPTED: SessionRecord = { data: {}, createdAt: 0, expiresAt: Infinity, revision: 0 }

const MESSAGE =
  'Cannot read what session-file-store encrypted (its option secret): these files stay as they are and their users log in anew'

/**
 * JSON files in a directory where session-file-store kept its own: those are read where they lie, and written as ours.
 * Encrypted ones stay where they are, with a warning.
 * @param ttl how long a session lives without being used when its cookie does not say, in ms
 */
export function sessionFileStore(options: FileStoreOptions, ttl: number): Store {
  const store = fileStore(options, sessionFileLayout(ttl)) as Required<Store>
  let report: Report = () => {}
  let warned = false
  return {
    ...store,

    init(listener) {
      report = listener
      return store.init(listener)
    },

    async read(id) {
      const stored = await store.read(id)
      if (stored?.record !== ENCRYPTED) return stored
      if (!warned) report({ type: 'warning', at: Date.now(), code: 'ENCRYPTED', message: MESSAGE })
      warned = true
      return null
    },
  }
}

/** Reads the files of session-file-store and our own, and writes our own. */
export function sessionFileLayout(ttl: number): Layout {
  return {
    ...plainJsonLayout,
    accepts: (id) => typeof id === 'string' && ID.test(id),

    decode(id, bytes, modifiedAt) {
      const file = parseObject(bytes, JSON)
      if (isPlainObject(file.cookie) && '__lastAccess' in file) return upgraded(file, ttl)
      if ('hmac' in file && 'ct' in file) return ENCRYPTED
      return plainJsonLayout.decode(id, bytes, modifiedAt)
    },
  }
}

/**
 * What session-file-store kept, as our record: it keeps its own idle time, counted from the last use. It ends a beat
 * early, so that the first request is due to move its end: that upgrades the file and brings the client our cookie.
 */
function upgraded(file: JsonObject, ttl: number): SessionRecord {
  const { cookie, __lastAccess: lastAccess, ...data } = file
  const { originalMaxAge } = cookie as JsonObject
  const idle = number(originalMaxAge || ttl)
  const createdAt = number(lastAccess)
  return { data, createdAt, expiresAt: createdAt + idle - beat(idle), revision: 0, idle }
}

/** NaN makes a time that the engine takes as expired. */
function number(value: unknown): number {
  return typeof value === 'number' ? value : NaN
}
