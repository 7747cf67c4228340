const LEAST = 10n ** 38n

/**
 * Makes a session id that every Dancer engine takes: 39 decimal digits that hold 128 bits from the system's
 * CSPRNG. (Dancer's own ids are made of the clock, the process id and a 48-bit generator, and can be guessed:
 * CVE-2026-5080. They are accepted, never made.)
 */
export function dancerId(): string {
  let random = 0n
  for (const word of crypto.getRandomValues(new Uint32Array(4)))
    random = (random << 32n) | BigInt(word)
  return String(LEAST + random) // 2^128 is 3.4 × 10^38: always 39 digits, the first is no 0
}
