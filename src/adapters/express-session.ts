import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { VitrineError } from '../core/errors.ts'
import { sessionTag, type Report } from '../core/events.ts'
import { milliseconds, type Policy } from '../core/policy.ts'
import { queueByKey } from '../core/queue.ts'
import { readyStore, type ReadyStore } from '../core/ready-store.ts'
import type { Store, Stored } from '../core/store.ts'
import { build, defaultStore, type Options } from '../sessions/defaults.ts'
import {
  saver,
  sessionObject,
  snapshot,
  whyEnded,
  type Base,
  type Save,
} from './express-session-save.ts'

/** What can be set. */
export interface ExpressSessionStoreOptions
  extends Pick<Options, 'idle' | 'lifetime' | 'onConflict' | 'report' | 'now'> {}

/** How express-session is told the end of something. */
export type Callback<T = void> = (error?: unknown, value?: T) => void

/** What a stored id looks like: SHA-256 in hexadecimal. */
const STORED_ID = /^[0-9a-f]{64}$/

/**
 * Keeps the sessions of express-session (1.17 and later) or @fastify/session (11) in a store of ours: the app
 * stays as it is, one line changes.
 *
 * What the app gains: parallel requests on one session lose none of each other's changes, a session that was
 * logged out does not come back through a slower request, and sessions end by `idle` and `lifetime` as well as
 * by their cookie. Within one process a request also sees what the one before stored, although express-session
 * sends its response before it has saved. What it cannot change is express-session itself: across processes a
 * redirect may still overtake the save, and a save that fails comes too late for the client to hear of it.
 * Our own middleware holds the response back until the session is stored.
 *
 * **What is stored.** `data` is the session object as JSON, `cookie` included; when the cookie ends stands once,
 * in the record's `expiresAt`. A cookie without an end counts as `idle` from the last use. As with every store of
 * express-session, a Date becomes a text on the way.
 *
 * **Ids.** A session is stored under the SHA-256 of its id in hexadecimal: the ids of express-session differ by
 * case alone, which a disk may fold; and who sees the names of the files cannot become anybody. So `ids` and
 * `all` can only give the stored ids; `destroy` takes those as well, `get` does not.
 */
export class ExpressSessionStore extends EventEmitter {
  /** Makes a new session on a request. Put here by express-session. */
  generate?: (request: object) => void

  readonly #store: ReadyStore
  readonly #listIds: Store['ids']
  readonly #policy: Policy
  readonly #report: Report
  readonly #now: () => number
  readonly #save: Save
  readonly #inTurn: ReturnType<typeof queueByKey> = queueByKey()
  readonly #startSweeping: () => void
  /** Where the session objects came from that requests hold. */
  readonly #bases: WeakMap<object, Base> = new WeakMap()

  /**
   * @param store where the sessions are kept. Default: JSON files in `./sessions`
   * @throws VitrineError `CONFIG` for an impossible option, or a store that cannot keep ids of 64 hex digits
   */
  constructor(store: Store = defaultStore(), options: ExpressSessionStoreOptions = {}) {
    super()
  }
