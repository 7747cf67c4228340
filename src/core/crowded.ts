import { setNewest } from './bounded.ts'

/** Which sessions others change at the same time, as lost races tell. */
export interface Crowded {
  /** A race for this session was lost. */
  add(id: string): void
  /** Whether one was lost a moment ago. */
  has(id: string): boolean
}

/** How long a lost race says that the next one may be lost as well, in ms. */
const MOMENT = 1000

/** So many sessions are remembered; one that is forgotten loses one race more. */
const MAX = 1000

/** @param now milliseconds since the epoch */
export function crowdedSessions(now: () => number): Crowded {
  const lostAt = new Map<string, number>()
  return {
    add: (id) => setNewest(lostAt, id, now(), MAX),

    has(id) {
      const at = lostAt.get(id)
      if (at === undefined) return false
      if (Math.abs(now() - at) < MOMENT) return true
      lostAt.delete(id)
      return false
    },
  }
}
