import { Unreadable } from './layout.ts'

/** Far more levels than the engine stores. */
const MAX_DEPTH = 1000

/**
 * Freezes a value all through: what was read is handed out again and again.
 * @param levels a bound that keeps a hostile file from exhausting the stack
 * @throws Unreadable
 */
export function deepFreeze<T extends object>(value: T, levels: number = MAX_DEPTH): T {
  if (levels === 0) throw new Unreadable(`it is nested deeper than ${MAX_DEPTH} levels`)
  for (const key in value) {
    const member: unknown = value[key]
    if (typeof member === 'object' && member !== null) deepFreeze(member, levels - 1)
    // what `JSON.parse` makes of 1e400 is no JSON any more; a time may be that, data may not
    else if (levels < MAX_DEPTH && (member === Infinity || member === -Infinity)) {
      throw new Unreadable('it holds a number without bounds')
    }
  }
  return Object.freeze(value)
}
