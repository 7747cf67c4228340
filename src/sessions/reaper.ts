import type { Report } from '../core/events.ts'
import type { Store } from '../core/store.ts'

/** How long between two sweeps, in ms, give or take a fifth: many processes must not sweep in step. */
const INTERVAL = 300_000

/** Sweeps expired sessions away by a timer, never inside a request. */
export interface Reaper {
  /** Begins with the first use; fine to call again. The timer does not keep the process alive. */
  start(): void
  stop(): void
}

/** A reaper for a store; one that has nothing to do where the store cannot reap. */
export function reaperOf(store: Store, report: Report, now: () => number): Reaper {
  const over = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined

  function schedule(): void {
    // jitter needs no secrecy, but one source of randomness is enough
    const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
    timer = setTimeout(() => void sweep(), INTERVAL * (0.8 + (0.4 * random) / 2 ** 32))
    ;(timer as { unref?: () => void }).unref?.()
  }

  async function sweep(): Promise<void> {
    try {
      const count = (await store.reap?.(now(), over.signal)) ?? 0
      if (count > 0) report({ type: 'reaped', at: now(), count })
    } catch {
      const message = 'Cannot sweep expired sessions now; trying again later'
      report({ type: 'warning', at: now(), code: 'REAP_FAILED', message })
    }
    if (!over.signal.aborted) schedule()
  }

  return {
    start() {
      if (store.reap && timer === undefined && !over.signal.aborted) schedule()
    },
    stop() {
      over.abort()
      clearTimeout(timer)
    },
  }
}
