import type { JsonObject } from '../core/data.ts'
import { VitrineError } from '../core/errors.ts'
import { sessionTag, type Report } from '../core/events.ts'
import { queueByKey } from '../core/queue.ts'
import { readyStore } from '../core/ready-store.ts'
import { replayable, type Replay } from '../core/replay.ts'
import type { Store, Stored } from '../core/store.ts'
import { build } from '../sessions/defaults.ts'
import { saver, whyEnded, type Base } from './foreign-commit.ts'
import { sessionObject, snapshot } from './foreign-object.ts'
import type { ForeignOptions } from './foreign-options.ts'

/** Sessions whose ids and objects are another library's. What is asked for one id runs in turn. */
export interface ForeignSessions {
  readonly report: Report
  readonly now: () => number
  /**
   * The session object of an id; `null` when it is absent or over.
   * @param isCopied whether the library copies it unseen, into an object of its own
   */
  retrieve(id: string, isCopied: boolean): Promise<JsonObject | null>
  /** Tells that an object was made from another one, so that its changes are measured against the same base. */
  derive(session: object, from: object): void
  /** Changes an object now, and the newest data again if another request got there first. */
  update<S extends object>(session: S, change: (session: S) => void): void
  /** Stores an object as it is now, merged with what others stored since it was read. */
  save(id: string, session: object): Promise<void>
  /** Moves the end of a session and takes over what its cookie says. Creates nothing, changes nothing else. */
  touch(id: string, session: object): Promise<void>
  destroy(id: string): Promise<void>
  ids(): Promise<string[]>
  /** Every session that is not over. */
  all(): Promise<{ readonly id: string; readonly session: JsonObject }[]>
  wipe(): Promise<void>
  /** Stops sweeping and lets go of the store. */
  close(): Promise<void>
}

const REJECTED = { destroyed: 'unknown', renewed: 'retired', expired: 'expired' } as const

/** @throws VitrineError `CONFIG` */
export function foreignSessions(store: Store, options: ForeignOptions): ForeignSessions {
  const { parts, reaper } = build({ ...options, store })
  const { policy, settle, report, now } = parts
  const ready = readyStore(store, report)
  const inTurn = queueByKey()
  const commit = saver({
    store: ready,
    policy,
    settle,
    report,
    now,
  })
  const bases = new WeakMap<object, Base>()
  const updates = new WeakMap<object, readonly Replay[]>()

  return {
    report,
    now,
    retrieve: (id, isCopied) =>
      inTurn(id, async () => {
        const base = await found(id)
        if (!base) return null
        const session = sessionObject(base.stored.record)
        bases.set(session, base)
        return isCopied ? marked(session, base) : session
      }),

    derive(session, from) {
      const base = bases.get(from)
      if (base) bases.set(session, base)
    },

    update(session, change) {
      const made = replayable(session, change, () => snapshot(session).data)
      updates.set(session, [...(updates.get(session) ?? []), made])
    },

    async save(id, session) {
      const mine = snapshot(session)
      const made = updates.get(session)
      await inTurn(id, async () => {
        const base = await commit(id, mine, baseOf(session, id), made)
        if (!base) return
        bases.set(session, base)
        if (updates.get(session) === made) updates.delete(session)
      })
    },

    async touch(id, session) {
      const { cookie } = session as { readonly cookie?: unknown }
      const { data, expires } = snapshot({ cookie })
      await inTurn(id, async () => {
        const known = baseOf(session, id)
        const base = known ?? (await found(id))
        const touched =
          base && (await commit(id, { data: { ...base.data, ...data }, expires }, base))
        if (touched && touched !== known) bases.set(session, touched)
      })
    },

    async destroy(id) {
      await inTurn(id, () => ready.delete(id))
      report({ type: 'destroyed', at: now(), session: sessionTag(id) })
    },

    ids,

    async all() {
      const sessions = []
      for (const id of await ids()) {
        const stored = await ready.read(id)
        if (!stored || whyEnded(stored, now(), policy)) continue
        sessions.push({ id, session: sessionObject(stored.record) })
      }
      return sessions
    },

    wipe: () => ready.wipe(),

    async close() {
      reaper.stop()
      await ready.close()
    },
  }

  async function ids(): Promise<string[]> {
    if (!store.ids) {
      throw new VitrineError('CONFIG', 'Cannot list the sessions: this store has no way to')
    }
    await ready.init()
    const all: string[] = []
    try {
      for await (const id of store.ids()) all.push(id)
    } catch (error) {
      throw new VitrineError('STORE', 'Cannot list the sessions: the store failed', error)
    }
    return all
  }

  /** What is stored under an id, unless it is over. */
  async function live(id: string): Promise<Stored | null> {
    reaper.start()
    const stored = await ready.read(id)
    const ended = whyEnded(stored, now(), policy)
    if (ended === null) return stored
    report({ type: 'rejected', at: now(), reason: REJECTED[ended] })
    return null
  }

  async function found(id: string): Promise<Base | null> {
    const stored = await live(id)
    return stored && { id, data: stored.record.data, stored }
  }

  function baseOf(session: object, id: string): Base | null {
    const base = bases.get(session)
    return base?.id === id ? base : null
  }

  /**
   * Makes a copy tell whose copy it is.
   *
   * @fastify/session copies our object, member by member, into one of its own class, and it is that one which comes
   * back to be saved. So the object inherits an enumerable `toJSON`, which is copied along: the first time
   * anything serialises the copy, it tells, and takes itself away. @fastify/session serialises each session as soon as
   * it has made it, and we do before saving.
   */
  function marked(session: JsonObject, base: Base): JsonObject {
    return Object.setPrototypeOf(session, {
      toJSON(this: { toJSON?: unknown }): object {
        if (!bases.has(this)) bases.set(this, base)
        delete this.toJSON
        return this
      },
    }) as JsonObject
  }
}
