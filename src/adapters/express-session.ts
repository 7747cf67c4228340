import { hash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { VitrineError } from '../core/errors.ts'
import type { Store } from '../core/store.ts'
import { defaultStore } from '../sessions/defaults.ts'
import { withDiagnostics } from './diagnostics.ts'
import type { ForeignOptions } from './foreign-options.ts'
import { foreignSessions, type ForeignSessions } from './foreign-sessions.ts'
import { shareShape } from './shape.ts'

/** What can be set: `idle`, `lifetime`, `onConflict`, `report` and `now`, as everywhere. */
export type ExpressSessionStoreOptions = ForeignOptions

/** How express-session is told the end of something. */
export type Callback<T = void> = (error?: unknown, value?: T) => void

/** What a stored id looks like: SHA-256 in hexadecimal. */
const STORED_ID = /^[0-9a-f]{64}$/

/**
 * Keeps the sessions of express-session (1.17 and later) or @fastify/session (11) in a store of ours: the app
 * stays as it is, one line changes.
 *
 * ```ts
 * const store = new ExpressSessionStore(jsonStore())
 * app.use(expressSession({ secret, resave: false, saveUninitialized: false, store }))
 * ```
 *
 * **What the app gains.** Parallel requests on one session lose none of each other's changes. A session that was
 * destroyed does not come back through a slower request. Sessions end by `idle` and `lifetime` as well, not by
 * their cookie alone: where cookies shall last longer than 30 days, set `lifetime`. Within one process a request
 * sees what the one before it stored.
 *
 * **What only our own middleware gives.** express-session sends the response before it has saved the session:
 * a redirect may overtake the save when another process serves the next request, and a save that fails comes too
 * late for the client to hear of it. Our middleware holds the response back until the session is stored.
 *
 * **What is stored.** `data` is the session object as JSON, `cookie` included. When the cookie ends stands in one
 * place only, the record's own expiry; a cookie that ends with the browser counts as `idle` from the last use.
 * As with every store of express-session, a Date comes back as a text.
 *
 * **Ids.** A session is stored under the SHA-256 of its id in hexadecimal: the ids of these libraries differ by
 * case alone, which a disk may fold; and who sees the names of the files cannot become anybody. So `ids` and
 * `all` have only stored ids to give; `destroy` takes those as well, `get` and `set` do not.
 */
export class ExpressSessionStore extends EventEmitter {
  /** Makes a new session on a request: express-session puts it here. */
  generate?: (request: object) => void
  readonly #sessions: ForeignSessions

  /**
   * @param store where the sessions are kept. Default: JSON files in `./sessions`
   * @throws VitrineError `CONFIG` for an impossible option, or a store that cannot keep such sessions
   */
  constructor(store: Store = defaultStore(), options: ExpressSessionStoreOptions = {}) {
    super()
    if ('seal' in store || store.accepts?.(storedId('')) === false) {
      throw new VitrineError(
        'CONFIG',
        'Cannot keep these sessions there: give a store that accepts ids of 64 hexadecimal digits',
      )
    }
    this.#sessions = foreignSessions(store, {
      ...options,
      report: withDiagnostics(options.report),
    })
  }

  /** Reads a session: `null` when it is absent or over. In one process it waits for a save that is under way. */
  get<S extends object>(sid: string, callback: Callback<S | null>): void {
    // express-session has us make the copy, and puts `generate` here before it asks for anything
    const found = this.#sessions.retrieve(storedId(sid), this.generate === undefined)
    this.#answer(found as Promise<S | null>, callback)
  }

  /**
   * Stores a session, merged with what others stored since it was read; one that ended meanwhile does not come
   * back. An object that `get` did not give is a new session, and replaces what is stored under that id.
   */
  set(sid: string, session: object, callback?: Callback): void {
    this.#answer(this.#sessions.save(storedId(sid), session), callback)
  }

  /**
   * Changes a session now, and again on the newest data if another request got there first: for counters and lists.
   * ```ts
   * req.sessionStore.update(req.session, (session) => {
   *   session.views = (session.views ?? 0) + 1
   * })
   * ```
   * @param session the request's session
   * @param change synchronous; must do nothing but change the members of what it is given
   */
  update<S extends object>(session: S, change: (session: S) => void): void {
    this.#sessions.update(session, change)
  }

  /** Moves the end of a session and takes over what its cookie says; creates nothing, changes no other data. */
  touch(sid: string, session: object, callback?: Callback): void {
    this.#answer(this.#sessions.touch(storedId(sid), session), callback)
  }

  /**
   * Removes a session.
   * @param sid its id, or a stored id that `ids` or `all` gave
   */
  destroy(sid: string, callback?: Callback): void {
    const removed = this.#sessions.destroy(storedId(sid))
    this.#answer(
      STORED_ID.test(sid) ? removed.then(() => this.#sessions.destroy(sid)) : removed,
      callback,
    )
  }

  /** Every session that is not over, as an array. Each has its stored id as `id`, which printing does not show. */
  all<S extends object>(callback: Callback<S[]>): void {
    const listed = this.#sessions
      .all()
      .then((all) =>
        all.map(({ id, session }) => Object.defineProperty(session, 'id', { value: id })),
      )
    this.#answer(listed as Promise<object[]> as Promise<S[]>, callback)
  }

  /** Every stored id, those of expired sessions included until they are swept away. */
  ids(callback: Callback<string[]>): void {
    this.#answer(this.#sessions.ids(), callback)
  }

  /** How many sessions are stored, expired ones included until they are swept away. */
  length(callback: Callback<number>): void {
    this.#answer(
      this.#sessions.ids().then((ids) => ids.length),
      callback,
    )
  }

  /** Removes every session. */
  clear(callback?: Callback): void {
    this.#answer(this.#sessions.wipe(), callback)
  }

  /** Removes a request's session and gives it a new one. express-session calls it at `req.session.regenerate`. */
  regenerate(request: object, callback: Callback): void {
    const { sessionID } = request as { readonly sessionID: string }
    this.destroy(sessionID, (error) => {
      this.generate?.(request)
      callback(error)
    })
  }

  /** Reads a session outside a request, as an object with the methods of express-session. */
  load<S extends object>(sid: string, callback: Callback<S | undefined>): void {
    const loaded = this.#sessions.retrieve(storedId(sid), false).then((session) => {
      return session
        ? this.createSession<S>({ sessionID: sid, sessionStore: this }, session)
        : undefined
    })
    this.#answer(loaded, callback)
  }

  /**
   * Makes the session of a request from what `get` gave. express-session calls it.
   * @throws VitrineError `MISSING_PACKAGE`
   */
  createSession<S extends object>(request: object, session: object): S {
    shareShape(request, (request as { readonly res?: object }).res)
    const live = theirStore().createSession.call(this, request, session)
    this.#sessions.derive(live, session)
    return live as S
  }

  /** Stops the sweeping and lets go of the store underneath: for an app that ends while its process goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sessions.close()
  }

  /** Calls back outside the promise: what a callback throws is the app's, not ours. */
  #answer<T>(work: Promise<T>, callback: Callback<T> | undefined): void {
    work.then(
      (value) => callback && process.nextTick(callback, null, value),
      (error: unknown) => {
        if (callback) return process.nextTick(callback, error)
        const { report, now } = this.#sessions
        const message =
          error instanceof VitrineError ? error.message : 'Cannot use the session store'
        report({ type: 'warning', at: now(), code: 'STORE_FAILED', message })
      },
    )
  }
}

/** The id that a session is stored under. */
function storedId(sid: string): string {
  return hash('sha256', sid)
}

interface TheirStore {
  createSession(this: object, request: object, session: object): object
}

let theirs: TheirStore | undefined

/**
 * The store that express-session has for others to inherit from: found from here, or from where the app runs. Looked
 * for once: it would be on the path of every request.
 */
function theirStore(): TheirStore {
  if (theirs) return theirs
  let cause: unknown
  for (const place of [import.meta.url, `${process.cwd()}/`]) {
    try {
      const library = createRequire(place)('express-session') as {
        Store: { prototype: TheirStore }
      }
      return (theirs = library.Store.prototype)
    } catch (error) {
      cause = error
    }
  }
  throw new VitrineError(
    'MISSING_PACKAGE',
    'Cannot make a session of express-session: install it with npm i express-session, and leave it out of a bundle',
    cause,
  )
}
