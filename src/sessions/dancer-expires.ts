const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

/** Seconds in each unit that Dancer knows. One letter is case-sensitive: `m` is a minute, `M` a month. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ...(['s', 'sec', 'secs', 'second', 'seconds'] as const).map((unit) => [unit, 1] as const),
  ...(['m', 'min', 'mins', 'minute', 'minutes'] as const).map((unit) => [unit, MINUTE] as const),
  ...(['h', 'hr', 'hour', 'hours'] as const).map((unit) => [unit, HOUR] as const),
  ...(['d', 'day', 'days'] as const).map((unit) => [unit, DAY] as const),
  ...(['w', 'week', 'weeks'] as const).map((unit) => [unit, 7 * DAY] as const),
  ...(['M', 'month', 'months'] as const).map((unit) => [unit, 30 * DAY] as const),
  ...(['y', 'year', 'years'] as const).map((unit) => [unit, 365 * DAY] as const),
])

const PLAIN = /^\s*[-+]?\d+(?:[.,]\d+)?\s*$/
const CLOCK = /\b(\d+):(\d\d)(?::(\d\d))?\b/g
const STEP = /\s*([-+]?\d+(?:[.,]\d+)?)\s*([a-z]+)(?:\s*(?:,|and))*/iy

/**
 * Reads `session_expires` as Dancer 1.3521 does: seconds (`3600`), a chain of amounts (`1 day, 2 hours and
 * 3 min`, `-1 day`, `1,5 hours`) or a clock (`1:30` is an hour and a half, `1:30:15`).
 * @returns seconds, or `null` for a text that Dancer does not understand and sends to the browser as it is
 */
export function dancerSeconds(text: string): number | null {
  if (PLAIN.test(text)) return Math.round(decimal(text))
  const chain = text.replace(CLOCK, (_, hours: string, minutes: string, seconds = '0') => {
    return `${hours}h ${minutes}m ${seconds as string}s`
  })
  let total = 0
  let end = 0
  for (STEP.lastIndex = 0; ; end = STEP.lastIndex) {
    const [, amount, word] = STEP.exec(chain) ?? []
    if (amount === undefined || word === undefined) break
    const unit = UNITS.get(word.length === 1 ? word : word.toLowerCase())
    if (unit === undefined) return null
    total += decimal(amount) * unit
  }
  return end > 0 && chain.slice(end).trim() === '' ? Math.round(total) : null
}

function decimal(text: string): number {
  return Number(text.replace(',', '.'))
}
