import { freezeJson } from '../core/copy.ts'
import { biggestKeys, copyJson, type JsonObject } from '../core/data.ts'
import { VitrineError } from '../core/errors.ts'
import type { Report } from '../core/events.ts'
import { isId } from '../core/id.ts'
import type { SessionRecord, Store, Stored } from '../core/store.ts'
import { changeFeed } from './change-feed.ts'

/** What can be set. */
export interface MemoryStoreOptions {
  /** How many sessions are kept; beyond that the least recently used one goes. Default 10,000. */
  readonly max?: number
  /** How many bytes of JSON one session may have. Default 1 MiB. */
  readonly maxBytes?: number
  /** The clock: milliseconds since the epoch. Default `Date.now`; give the engine's where that has its own. */
  readonly now?: () => number
}

/** How many records a sweep looks at before other work gets its turn. */
const SLICE = 10_000
/** How often the loss of live sessions is worth a warning, in ms. */
const WARN_EVERY = 60_000

const encoder = new TextEncoder()

/**
 * Keeps sessions in this process: for tests, and for sessions that may go when it ends.
 * What goes in and what comes out is frozen, so that nobody changes a stored session but by `write`.
 * @throws VitrineError `CONFIG` for a bound under 1
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { max = 10_000, maxBytes = 1_048_576, now = Date.now } = options
  atLeastOne(max, 'max')
  atLeastOne(maxBytes, 'maxBytes')

  // A Map keeps the order of insertion: its first entry is the one that was not used for longest.
  const entries = new Map<string, Stored>()
  const changes = changeFeed()
  let writes = 0 // never starts over, so that no version comes back, not even after a delete
  let warnAgainAt = -Infinity
  let report: Report | undefined

  /** What counts under an id: an expired record is gone, whether or not anybody swept. */
  function live(id: string): Stored | undefined {
    if (!isId(id)) return undefined
    const entry = entries.get(id)
    if (!entry || !isOver(entry.record, now())) return entry
    remove(id)
    return undefined
  }

  function keep(id: string, record: SessionRecord): string {
    const version = String(++writes)
    entries.delete(id)
    entries.set(id, Object.freeze({ record, version }))
    changes.tell({ id, kind: 'written' })
    if (entries.size > max) evict()
    return version
  }

  function remove(id: string): void {
    if (entries.delete(id)) changes.tell({ id, kind: 'deleted' })
  }

  function evict(): void {
    const [id, { record }] = entries.entries().next().value as [string, Stored]
    remove(id)
    const at = now()
    if (isOver(record, at) || at < warnAgainAt) return
    warnAgainAt = at + WARN_EVERY
    const message = `The memory store is full and drops live sessions: raise max (now ${max}) or use a store that holds more`
    report?.({ type: 'warning', at, code: 'EVICTED', message })
  }

  return {
    async init(listener) {
      report = listener
    },

    async read(id) {
      const entry = live(id)
      if (!entry) return null
      entries.delete(id)
      entries.set(id, entry)
      return entry
    },

    async write(id, record, expected) {
      if (!isId(id) || (live(id)?.version ?? null) !== expected) return null
      return keep(id, within(maxBytes, Object.isFrozen(record) ? record : frozenCopy(record)))
    },

    async touch(id, expiresAt, expected) {
      const entry = live(id)
      if (!entry || entry.version !== expected) return null
      return keep(id, Object.freeze({ ...entry.record, expiresAt }))
    },

    async delete(id) {
      remove(id)
    },

    async *ids() {
      yield* [...entries.keys()]
    },

    async reap(time, signal) {
      let reaped = 0
      for (const [index, id] of [...entries.keys()].entries()) {
        if (index % SLICE === SLICE - 1) await new Promise((resolve) => setTimeout(resolve))
        if (signal?.aborted) break
        const entry = entries.get(id)
        if (!entry || !isOver(entry.record, time)) continue
        remove(id)
        reaped++
      }
      return reaped
    },

    watch: (signal) => changes.follow(signal),

    async wipe() {
      for (const id of [...entries.keys()]) remove(id)
    },

    async close() {
      report = undefined
    },
  }
}

/** A time that is no number is over. */
function isOver({ expiresAt }: SessionRecord, now: number): boolean {
  return !(now < expiresAt)
}

function frozenCopy(record: SessionRecord): SessionRecord {
  const { data, flash } = record
  return freezeJson({
    ...record,
    data: copyJson(data, Infinity) as JsonObject,
    ...(flash && { flash: copyJson(flash, Infinity) as JsonObject }),
  })
}

function within(maxBytes: number, record: SessionRecord): SessionRecord {
  const { data, flash } = record
  const text = JSON.stringify(record)
  // a unit of UTF-16 becomes three bytes at most
  const bytes = text.length * 3 <= maxBytes ? 0 : encoder.encode(text).length
  if (bytes <= maxBytes) return record
  throw new VitrineError(
    'TOO_LARGE',
    `Cannot store the session: it has ${bytes} bytes and this store keeps ${maxBytes}; store less (biggest: ${biggestKeys(flash ? { ...data, flash } : data)})`,
  )
}

function atLeastOne(bound: number, option: string): void {
  if (!(bound >= 1)) {
    throw new VitrineError('CONFIG', `Cannot use ${option}: give a number of 1 or more`)
  }
}
