import { copyJson, formatPath } from './data.ts'
import { VitrineError } from './errors.ts'
import type { Conflict, Settle } from './merge.ts'

/** What to do when two requests changed one path to different values. */
export type OnConflict = 'mine' | 'theirs' | 'error' | ((conflict: Conflict) => unknown)

/**
 * The rule that an option stands for.
 * @param maxDepth how many levels of nesting are allowed in what a function decides
 */
export function settleBy(onConflict: OnConflict, maxDepth: number): Settle {
  if (typeof onConflict === 'function') {
    return (conflict) => {
      const value = onConflict(conflict)
      // the app may hold on to it, and change it
      const copy = value === undefined ? value : copyJson(value, maxDepth, [...conflict.path])
      return { value: copy, winner: 'resolver' }
    }
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
