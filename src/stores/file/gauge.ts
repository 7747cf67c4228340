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
  /**
   * Hears of a call that is left to the other thread.
   * @param others how many of them are under way there already
   */
  left(kind: Kind, others: number): void
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
 * operation must take on average, in ms, for that to pay. A change is made of six operations, a look of one or two.
 */
const WORTH: Readonly<Record<Kind, number>> = { look: 0.1, change: 0.03 }
/**
 * Where callers do not wait for each other, as in a server, it pays sooner: what the event loop is spared it gives to the
 * next request. That there are others is seen only where they wait side by side, so it is tried with some calls.
 */
const WORTH_AMONG_OTHERS: Readonly<Record<Kind, number>> = { look: 0.1, change: 0.005 }
const TRIAL = 32
/** How long it is not tried again where there was no other, in ms. */
const REST = 10_000

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
      const each = state.spent / state.operations
      state.needsOthers = each <= WORTH[kind]
      const worthIt =
        !state.needsOthers || (each > WORTH_AMONG_OTHERS[kind] && now >= state.restsUntil)
      state.slow = worthIt && share > (state.slow ? QUICK : SLOW)
      Object.assign(state, NOTHING, { since: now })
      return state.slow
    },

    left(kind, others) {
      const state = states[kind]
      state.left++
      state.others += others
      if (!state.needsOthers || state.left < TRIAL || state.others >= state.left) return
      state.slow = false
      state.restsUntil = io.elapsed() + REST
    },

    add(kind, { operations, spent }) {
      states[kind].operations += operations
      states[kind].spent += spent
    },

    take(kind) {
      const { operations, spent } = states[kind]
      Object.assign(states[kind], NOTHING)
      return { operations, spent }
    },
  }
}

/** What is counted anew in each window. */
const NOTHING = {
  operations: 0,
  spent: 0,
  /** Calls that were left to the other thread, and how many others were there then, together. */
  left: 0,
  others: 0,
}

function watched() {
  return {
    ...NOTHING,
    since: undefined as number | undefined,
    slow: false,
    /** Whether it pays only where callers do not wait for each other. */
    needsOthers: false,
    restsUntil: 0,
  }
}
