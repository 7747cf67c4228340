/** Numbers that look random and come back with the same seed: whole ones from 0 up to, not including, `below`. */
export type Random = (below: number) => number

/** Mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)] as T
}

/**
 * Runs something whose `crypto.getRandomValues` comes from a seed: what makes names by chance makes the same
 * ones when it is run again.
 */
export function withSeededCrypto<T>(seed: number, run: () => T): T {
  const random = randomFrom(seed)
  Object.defineProperty(crypto, 'getRandomValues', {
    configurable: true,
    value: (bytes: Uint8Array) => bytes.map(() => random(256)),
  })
  try {
    return run()
  } finally {
    Reflect.deleteProperty(crypto, 'getRandomValues')
  }
}
