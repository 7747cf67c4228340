import fs from 'node:fs'
import path from 'node:path'

/** What was seen of a session by who read it. */
export interface Seen {
  readonly keys: Readonly<Record<string, string>>
  readonly count: number
  readonly added: readonly string[]
}

/** What was done to a session; `wipe` is done to all of them. */
export type Action =
  | 'create'
  | 'read'
  | 'set'
  | 'remove'
  | 'count'
  | 'add'
  | 'touch'
  | 'renew'
  | 'destroy'
  | 'reap'
  | 'wipe'

/**
 * One operation of a history.
 *
 * `ok`: it was acknowledged. `fail`: it did nothing, because the session was found to have ended. `info`: nobody
 * knows, because its process was killed or the store failed.
 */
export interface Operation {
  readonly process: string
  readonly what: Action
  readonly outcome: 'ok' | 'fail' | 'info'
  /** By the system's monotonic clock, in ns. */
  readonly from: number
  readonly until: number
  /** The session it was meant for. */
  readonly id?: string
  readonly key?: string
  readonly value?: string
  /** The id that a renewal gives. */
  readonly next?: string
  readonly seen?: Seen
  readonly error?: string
}

/** The monotonic clock of this machine, in ns, which all its processes share. */
export function monotonic(): number {
  return Number(process.hrtime.bigint())
}

interface Line extends Partial<Operation> {
  /** Which operation of its process it is. */
  readonly n: number
}

/**
 * Reads what the processes wrote down, each in a file of its own: one line when an operation begins, one when it
 * is over. A killed process leaves one without an end.
 * @param diedAt when each process ended
 */
export function readHistory(folder: string, diedAt: ReadonlyMap<string, number>): Operation[] {
  return fs.readdirSync(folder).flatMap((name) => {
    const begun = new Map<number, Line>()
    for (const text of fs.readFileSync(path.join(folder, name), 'utf8').split('\n')) {
      const line = lineOf(text)
      if (line) begun.set(line.n, { ...begun.get(line.n), ...line })
    }
    const unknown = { outcome: 'info', until: diedAt.get(name) ?? Infinity } as const
    return [...begun.values()].map(
      ({ n: _, ...line }) => ({ ...unknown, ...line, process: name }) as Operation,
    )
  })
}

function lineOf(text: string): Line | null {
  try {
    return JSON.parse(text) as Line
  } catch {
    return null // the last one of a killed process, or the end of the file
  }
}
