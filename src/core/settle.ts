import { formatPath } from './data.ts'
import { VitrineError } from './errors.ts'
import type { Conflict, Settle } from './merge.ts'

/** What to do when two requests changed one path to different values. */
export type OnConflict = 'mine' | 'theirs' | 'error' | ((conflict: Conflict) => unknown)

/** The rule that an option stands for. */
export function settleBy(onConflict: OnConflict): Settle {
  if (typeof onConflict === 'function') {
    return (conflict) => ({ value: onConflict(conflict), winner: 'resolver' })
  }
  switch (onConflict) {
    case 'mine':
      return ({ mine }) => ({ value: mine, winner: 'mine' })
    case 'theirs':
      return ({ theirs }) => ({ value: theirs, winner: 'theirs' })
    case 'error':
      return ({ path }) => {
        throw new VitrineError(
          'CONFLICT',
          `Cannot store the session: another request changed session.data.${formatPath(path)} meanwhile`,
        )
      }
  }
}
