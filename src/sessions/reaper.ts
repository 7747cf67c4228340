import type { RequestEngine } from '../core/engine.ts'
import type { Report } from '../core/events.ts'
import type { Store } from '../core/store.ts'

/** How long between two sweeps, in ms, give or take a fifth: many processes must not sweep in step. */
const INTERVAL = 300_000

/**
 * Sweeps expired sessions away while the engine is in use: by a timer, never inside a request. The timer does
 * not keep the process alive.
 */
export function withReaper(
  engine: RequestEngine,
  store: Store,
  report: Report,
  now: () => number,
): RequestEngine {
  if (!store.reap) return engine
  const stop = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined

  function schedule(): void {
    // jitter needs no secrecy, but one source of randomness is enough
    const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
    timer = setTimeout(() => void sweep(), INTERVAL * (0.8 + (0.4 * random) / 2 ** 32))
    ;(timer as { unref?: () => void }).unref?.()
  }

  async function sweep(): Promise<void> {
    try {
      const count = (await store.reap?.(now(), stop.signal)) ?? 0
      if (count > 0) report({ type: 'reaped', at: now(), count })
    } catch {
      const message = 'Cannot sweep expired sessions now; trying again later'
      report({ type: 'warning', at: now(), code: 'REAP_FAILED', message })
    }
    if (!stop.signal.aborted) schedule()
  }

  return {
    ...engine,
    open(tickets) {
      if (timer === undefined && !stop.signal.aborted) schedule()
      return engine.open(tickets)
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      clearTimeout(timer)
      await engine[Symbol.asyncDispose]()
    },
  }
}
