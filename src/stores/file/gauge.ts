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
  add(measured: Measured): void
  /** What was measured since the last time it was asked. */
  take(): Measured
}

/** Operations of each kind, and how long they took together, in ms. */
export type Measured = Readonly<
  Record<Kind, { readonly operations: number; readonly spent: number }>
>

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
/**
 * Where callers do not wait for each other, as in a server, it pays sooner: what the event loop is spared it gives to the
 * next request. That there are others is seen only where they wait side by side, so it is tried with some calls.
 */
const WORTH_AMONG_OTHERS: Readonly<Record<Kind, number>> = { look: 0.1, change: 0.005 }
const TRIAL = 32
/** How long it is not tried again where there was no other, in ms: 32 hops in that time cost a lonely caller 0.3 %. */
const REST = 1000

const look = (): Kind => 'look'
const change = (): Kind => 'change'
const KINDS: Partial<Record<keyof Io, (path: unknown, flags: number) => Kind>> = {
  open: (_, flags) => (flags & constants.O_CREAT ? 'change' : 'look'),
  close: change,
  read: look,
  write: change,
  fstat: look,
  lstat: look,
  rename: change,
  unlink: change,
}

/** Measures what a file system costs. */
export function gauge(io: Io): Gauge {
  const states = { look: watched(), change: watched() }

  const all: Record<string, unknown> = { ...io }
  for (const [name, kindOf] of Object.entries(KINDS)) {
    const operation = io[name as keyof Io] as (...args: unknown[]) => unknown
    all[name] = (...args: [unknown, number]) => {
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

    add(measured) {
      for (const kind of ['look', 'change'] as const) {
        states[kind].operations += measured[kind].operations
        states[kind].spent += measured[kind].spent
      }
    },

    take: () => ({ look: taken(states.look), change: taken(states.change) }),
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

function taken(state: ReturnType<typeof watched>): Measured[Kind] {
  const { operations, spent } = state
  Object.assign(state, NOTHING)
  return { operations, spent }
}
