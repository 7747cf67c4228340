import { queueByKey } from './queue.ts'
import type { SessionState } from './state.ts'

/** A request that waits to have its changes stored. */
export interface Waiter {
  readonly state: SessionState
  /** Set by whoever took it along and failed: then nobody knows whether its changes are stored. */
  failure: Error | null
}

/**
 * The requests of this process that want to store something, one after another for each session. While one waits for
 * the store, others come; the next one can take all of them along in a single write.
 */
export interface Waiting {
  /** Runs a task when those before it on the same session are done. */
  inTurn<T>(state: SessionState, task: () => Promise<T>): Promise<T>
  /** Who waits behind the one whose turn it is. */
  behind(id: string): Iterable<Waiter>
}

export function waitingStates(): Waiting {
  const inTurn = queueByKey()
  const waiting = new Map<string, Set<Waiter>>()

  return {
    inTurn(state, task) {
      const { id } = state
      if (id === null) return task()
      const waiter: Waiter = { state, failure: null }
      const others = waiting.get(id)
      if (others) others.add(waiter)
      else waiting.set(id, new Set([waiter]))
      return inTurn(id, () => {
        leave(id, waiter)
        return waiter.failure ? Promise.reject(waiter.failure) : task()
      })
    },

    behind: (id) => waiting.get(id) ?? [],
  }

  function leave(id: string, waiter: Waiter): void {
    const all = waiting.get(id) as Set<Waiter>
    all.delete(waiter)
    if (all.size === 0) waiting.delete(id)
  }
}
