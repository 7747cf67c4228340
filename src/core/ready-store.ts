import { VitrineError } from './errors.ts'
import type { Report } from './events.ts'
import { isId } from './id.ts'
import type { SessionRecord, Store, Stored, Version } from './store.ts'

/** A store as the engine uses it: ready at the first call, its errors wrapped, its capabilities filled in. */
export interface ReadyStore {
  accepts(id: unknown): id is string
  init(): Promise<void>
  read(id: string): Promise<Stored | null>
  write(id: string, record: SessionRecord, expected: Version | null): Promise<Version | null>
  /** Moves the expiry of a stored record. */
  touch(id: string, touched: SessionRecord, expected: Version): Promise<Version | null>
  delete(id: string): Promise<void>
  /** Waits for a turn on an id where the store can; @returns ends it */
  turn(id: string): Promise<() => void>
  wipe(): Promise<void>
  close(): Promise<void>
}

/** @param report handed to the store's `init` */
export function readyStore(store: Store, report: Report): ReadyStore {
  let ready: Promise<void> | null = null
  let isReady = false

  async function init(): Promise<void> {
    const attempt = (ready ??= wrapped('get ready', async () => store.init?.(report)))
    try {
      await attempt
      isReady = ready === attempt
    } catch (error) {
      if (ready === attempt) ready = null // a later try may succeed
      throw error
    }
  }

  /** Most calls find the store ready, and then do not wait to hear so. */
  function use<T>(what: string, ask: () => Promise<T>): Promise<T> {
    return isReady ? wrapped(what, ask) : init().then(() => wrapped(what, ask))
  }

  return {
    accepts: (id): id is string =>
      typeof id === 'string' && (store.accepts ? store.accepts(id) : isId(id)),
    init,
    read: (id) => use('read a session', () => store.read(id)),
    write: (id, record, expected) =>
      use('write a session', () => store.write(id, record, expected)),
    touch: (id, touched, expected) =>
      use('touch a session', () =>
        store.touch
          ? store.touch(id, touched.expiresAt, expected)
          : store.write(id, touched, expected),
      ),
    turn: (id) => use('write a session', async () => (await store.turn?.(id)) ?? (() => {})),
    delete: (id) => use('remove a session', () => store.delete(id)),

    async wipe() {
      if (!store.wipe) {
        throw new VitrineError('CONFIG', 'Cannot reset: this store has no way to wipe its sessions')
      }
      await use('wipe the sessions', () => (store.wipe as () => Promise<void>)())
      ready = null
      isReady = false
    },

    async close() {
      if (ready) await wrapped('close', async () => store.close?.())
      ready = null
      isReady = false
    },
  }
}

/** Asks what others have made: what fails there comes out as `STORE`. */
export function wrapped<T>(
  what: string,
  ask: () => Promise<T>,
  asked: 'store' | 'sealer' = 'store',
): Promise<T> {
  const refuse = (error: unknown): never => {
    if (error instanceof VitrineError) throw error
    throw new VitrineError('STORE', `Cannot ${what}: the ${asked} failed`, error)
  }
  try {
    return ask().catch(refuse)
  } catch (error) {
    return Promise.reject(error as Error).catch(refuse)
  }
}
