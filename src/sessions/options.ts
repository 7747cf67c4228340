import type { Report } from '../core/events.ts'
import type { Duration } from '../core/policy.ts'
import type { OnInvalid, StandardSchema } from '../core/schema.ts'
import type { OnConflict } from '../core/settle.ts'
import type { Sealer, Store } from '../core/store.ts'
import type { Transport } from '../core/transport.ts'

/** What can be set. Everything has a default that is right for development. */
export interface Options<S extends StandardSchema | undefined = undefined> {
  /** Where sessions are kept. Default: JSON files in `./sessions`. */
  store?: Store | Sealer
  /** How the ticket travels. Default: `cookie()`. */
  transport?: Transport
  /** Any Standard Schema: types `session.data`, and checks it when it is read and when it is stored. */
  schema?: S
  /** What to do with stored data that the schema refuses. Default `'discard'`: no session, and it is reported. */
  onInvalid?: OnInvalid
  /** A session ends after this much silence. Default `'2h'`. */
  idle?: Duration
  /** A session ends this long after it was created, whatever happens. Default `'30d'`. */
  lifetime?: Duration
  /**
   * Two requests changed one path to different values. Default `'mine'`: the later commit wins that path.
   * `'error'` refuses the later commit; a function decides (`undefined`: neither value). It is always reported.
   */
  onConflict?: OnConflict
  /** Hears what happens to sessions. Default: warnings go to the console, once each. */
  report?: Report
  /** Makes ids. Default: 160 random bits. */
  createId?: () => string
  /** The clock: milliseconds since the epoch. Default `Date.now`. */
  now?: () => number
  /** How deep data may be nested. Default 64. */
  maxDepth?: number
}
