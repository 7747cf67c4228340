import { constants } from 'node:fs'
import type { Io } from './io.ts'

/** Looking at files, and changing them: a disk can be quick at the one and slow at the other. */
export type Kind = 'look' | 'change'

/** How much of the event loop's time the disk takes. */
export interface Gauge {
  /** The same file system, measured. */
  readonly io: Io
  /** Whether operations of that kind are better done by another thread, for now. */
  isSlow(kind: Kind): boolean
  /** Adds what another thread has measured. */
  add(kind: Kind, measured: Measured): void
  /** What was measured since the last time it was asked. */
  take(kind: Kind): Measured
}

/** Operations, and how long they took together, in ms. */
export interface Measured {
  readonly operations: number
  readonly spent: number
}

/** How long the disk is watched before it is judged, in ms. */
const WINDOW = 1000
/** Above this share of the event loop's time the disk is worth another thread, below that one it is not any more. */
const SLOW = 0.05
const QUICK = 0.01
/**
 * A hop to the other thread and back costs the event loop about 0.03 ms and the caller about 0.1 ms (measured): what an
 * operation must take on average, in ms, for that to pay. A change is made of five operations, a look of one or two.
 */
const WORTH: Readonly<Record<Kind, number>> = { look: 0.1, change: 0.03 }

const KINDS: Partial<Record<keyof Io, Kind>> = {
  close: 'change',
  read: 'look',
  write: 'change',
  fstat: 'look',
  lstat: 'look',
  rename: 'change',
  unlink: 'change',
}

/** Measures what a file system costs. */
export function gauge(io: Io): Gauge {
  const states = { look: watched(), change: watched() }

  function measured<A extends unknown[], T>(
    kindOf: (...args: A) => Kind,
    operation: (...args: A) => T,
  ): (...args: A) => T {
    return (...args) => {
      const since = io.elapsed()
      try {
        return operation(...args)
      } finally {
        const state = states[kindOf(...args)]
        state.spent += io.elapsed() - since
        state.operations++
      }
    }
  }

  const all: Record<string, unknown> = { ...io }
  for (const [name, kind] of Object.entries(KINDS)) {
    all[name] = measured(() => kind, io[name as keyof Io] as (...args: unknown[]) => unknown)
  }
  all['open'] = measured<Parameters<Io['open']>, number>(
    (_, flags) => (flags & constants.O_CREAT ? 'change' : 'look'),
    io.open,
  )

  return {
    io: all as unknown as Io,

    isSlow(kind) {
      const state = states[kind]
      const now = io.elapsed()
      const passed = now - (state.since ??= now)
      if (passed < WINDOW && state.spent < WINDOW * SLOW) return state.slow
      const share = state.spent / Math.max(passed, state.spent)
      const worthIt = state.spent / state.operations > WORTH[kind]
      state.slow = worthIt && share > (state.slow ? QUICK : SLOW)
      Object.assign(state, { since: now, spent: 0, operations: 0 })
      return state.slow
    },

    add(kind, { operations, spent }) {
      states[kind].operations += operations
      states[kind].spent += spent
    },

    take(kind) {
      const { operations, spent } = states[kind]
      Object.assign(states[kind], { operations: 0, spent: 0 })
      return { operations, spent }
    },
  }
}

interface State {
  operations: number
  spent: number
  since: number | undefined
  slow: boolean
}

function watched(): State {
  return { operations: 0, spent: 0, since: undefined, slow: false }
}
