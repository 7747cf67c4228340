import { setNewest } from '../core/bounded.ts'
import { freezeJson } from '../core/copy.ts'
import type { SealedRecord } from '../core/store.ts'

/** What a sealer remembers of tickets: one that is authentic holds the same record for ever. */
export interface SealMemory {
  /**
   * Remembers an authentic ticket, and no other: who forges tickets must not push the good ones out.
   * @param content the text that is sealed in it
   */
  remember(ticket: string, purpose: string, content: string): void
  /** @returns what opening it for this purpose would, frozen; `undefined` when the ticket is not remembered */
  recall(ticket: string, purpose: string): SealedRecord | null | undefined
}

/**
 * Measured, for a thousand of them: 4 MB with sessions of 1 kB, 8 MB with full cookies, and at worst, with full
 * cookies that hold nothing but empty objects, 60 MB.
 */
const MAX_REMEMBERED = 1000

/** The length of an AES-GCM tag as base64url. */
const TAG = 22

const encoder = new TextEncoder()
const decoder = new TextDecoder()

interface Remembered {
  readonly ticket: string
  readonly purpose: string
  /** The text, until the ticket comes back: most never do. */
  content: string | SealedRecord | null
}

/**
 * Makes a memory.
 * @param read makes of a content what opening the ticket would
 */
export function sealMemory(read: (content: string) => SealedRecord | null): SealMemory {
  // By the tag: to hash a whole ticket takes ten times as long as to compare it. The time of the comparison tells
  // something only to those who know the tag, and they have the ticket.
  // A Map keeps the order of insertion: its first entry is the one that was not used for longest.
  const entries = new Map<string, Remembered>()

  function keep(entry: Remembered): void {
    setNewest(entries, entry.ticket.slice(-TAG), entry, MAX_REMEMBERED)
  }

  return {
    remember: (ticket, purpose, content) => keep({ ticket: copyOf(ticket), purpose, content }),

    recall(ticket, purpose) {
      const entry = entries.get(ticket.slice(-TAG))
      if (entry?.ticket !== ticket || entry.purpose !== purpose) return undefined
      keep(entry)
      if (typeof entry.content === 'string') {
        const record = read(entry.content)
        entry.content = record && freezeJson(record)
      }
      return entry.content
    },
  }
}

/** A text that was cut out of another keeps all of that in memory: here, every cookie of the request. */
function copyOf(text: string): string {
  return decoder.decode(encoder.encode(text))
}
