import { isPlainObject } from '../core/data.ts'
import { isId } from '../core/id.ts'
import { queueByKey } from '../core/queue.ts'
import type { SessionRecord, Store, Stored, Version } from '../core/store.ts'

type Done = (error?: unknown, value?: unknown) => void

/** The part of an express-session store that is used: every store made for express-session has it. */
export interface ForeignStore {
  get(sid: string, callback: (error?: unknown, session?: unknown) => void): unknown
  set(sid: string, session: never, callback: (error?: unknown) => void): unknown
  destroy(sid: string, callback: (error?: unknown) => void): unknown
  clear?(callback: (error?: unknown) => void): unknown
}

/** A session as their store keeps it: their cookie, and our record as JSON. */
interface TheirSession {
  readonly cookie: object
  readonly vitrine: string
}

/** What stands for "never" where a store wants a date: with none it would take its own default, often a day. */
const CENTURY = 100 * 365 * 86_400_000

/**
 * Makes a store of ours from any store made for express-session.
 *
 * Their stores cannot compare and swap. Here a write reads, compares and writes in turn for each session, so
 * nothing is lost within one process; two processes that write one session at the same moment can still overwrite
 * each other. For several processes use a store that compares by itself.
 *
 * What they see is a session object with a `cookie` that ends when the record does, so they let go of it in time;
 * the record itself stands in it as one text. Their `touch` is not used: many only move the time to live, and the
 * record, which says when the session ends, would stay behind.
 * @param theirs for example `new RedisStore({ client })`, `new FileStore()`, `new session.MemoryStore()`
 */
export function fromExpressSession(theirs: ForeignStore): Store {
  const inTurn = queueByKey()

  async function read(id: string): Promise<Stored | null> {
    const session = await asked((done) =>
      // no such file: express-session, too, takes that for no such session
      theirs.get(id, (error, found) => (isMissing(error) ? done() : done(error, found))),
    )
    const text = (session as Partial<TheirSession> | null | undefined)?.vitrine
    const record = typeof text === 'string' ? decode(text) : null
    return record && { record, version: text as Version }
  }

  return {
    async read(id) {
      return isId(id) ? read(id) : null
    },

    async write(id, record, expected) {
      if (!isId(id)) return null
      return inTurn(id, async () => {
        if (((await read(id))?.version ?? null) !== expected) return null
        const version = encode(record)
        const session: TheirSession = { cookie: cookieUntil(record.expiresAt), vitrine: version }
        await asked((done) => theirs.set(id, session as never, done))
        return version
      })
    },

    async delete(id) {
      if (isId(id)) await inTurn(id, () => asked((done) => theirs.destroy(id, done)))
    },

    ...(theirs.clear && {
      async wipe() {
        await asked((done) => theirs.clear?.(done))
      },
    }),
  }
}

/** Their callbacks as a promise. Some also throw, or answer with a promise that fails. */
function asked(ask: (done: Done) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done: Done = (error, value) => {
      if (!error) resolve(value)
      else reject(error instanceof Error ? error : new Error('The store failed', { cause: error }))
    }
    Promise.resolve(ask(done)).catch(reject)
  })
}

function isMissing(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null | undefined)?.code === 'ENOENT'
}

/** Their stores look at `expires`, at `maxAge` or at `originalMaxAge`. */
function cookieUntil(expiresAt: number): object {
  const now = Date.now()
  const expires = new Date(Math.min(expiresAt, now + CENTURY))
  const maxAge = expires.getTime() - now
  return { originalMaxAge: maxAge, maxAge, expires, httpOnly: true, path: '/' }
}

/** The text is also the version; the mark tells apart two states that look alike. */
function encode(record: SessionRecord): string {
  return JSON.stringify({ ...record, mark: crypto.randomUUID() }, (_key, value: unknown) =>
    value === Infinity ? 'never' : value,
  )
}

function decode(text: string): SessionRecord | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isPlainObject(value) || !isPlainObject(value.data)) return null
  const { mark: _, ...record } = value
  for (const name of ['expiresAt', 'idle', 'lifetime']) {
    if (record[name] === 'never') record[name] = Infinity
  }
  return record as unknown as SessionRecord
}
