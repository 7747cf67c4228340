import type { StoreChange } from '../core/store.ts'

/** Tells changes to whoever follows them. */
export interface ChangeFeed {
  tell(change: StoreChange): void
  /**
   * Every change from this call on, until the signal aborts. A follower that falls behind gets the last
   * change of each id, so what waits for it is bounded by the number of sessions.
   */
  follow(signal: AbortSignal): AsyncIterable<StoreChange>
}

/** Makes a feed that nobody follows yet. */
export function changeFeed(): ChangeFeed {
  const followers = new Set<(change: StoreChange) => void>()

  return {
    tell(change) {
      for (const hear of followers) hear(change)
    },

    follow(signal) {
      const waiting = new Map<string, StoreChange>()
      let wake: () => void = () => undefined
      const hear = (change: StoreChange): void => {
        waiting.set(change.id, change)
        wake()
      }
      const stop = (): void => {
        followers.delete(hear)
        signal.removeEventListener('abort', stop)
        wake()
      }
      if (!signal.aborted) followers.add(hear)
      signal.addEventListener('abort', stop)

      return (async function* () {
        try {
          while (!signal.aborted) {
            const [next] = waiting.values()
            if (next) {
              waiting.delete(next.id)
              yield next
            } else {
              await new Promise<void>((resolve) => (wake = resolve))
            }
          }
        } finally {
          stop()
        }
      })()
    },
  }
}
