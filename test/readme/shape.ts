/** Compares what a document shows with what really came out, where ids and times differ from run to run. */

/** What differs each time, and the name of its kind. The longer forms come first. */
const VOLATILE: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['time', /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?/g],
  ['date', /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\b/g],
  ['clock', /\b\d\d:\d\d:\d\d(?:\.\d+)?\b/g],
  ['ticket', /\b[a-z2-7]{32}\.[\w-]{20,}/g],
  ['id', /\b[a-z2-7]{32}\b|\b\d{30,39}\b/g],
  ['ms', /\b\d+(?:\.\d+)? ?ms\b/g],
]

function masked(text: string): string {
  return VOLATILE.reduce((rest, [kind, pattern]) => rest.replaceAll(pattern, `<${kind}>`), text)
}

/**
 * Compares two texts line by line. In the shown one, `…` stands for anything within a line, and alone on a
 * line for any lines.
 * @returns what differs, or `null`
 */
export function textDiffers(shown: string, real: string): string | null {
  const pattern = tidy(shown)
    .map((line) =>
      /^\s*(…|\.\.\.)$/.test(line)
        ? '(?:[^\\n]*\\n)*?'
        : `${masked(line).split('…').map(escape).join('[^\\n]*?')}\\n`,
    )
    .join('')
  const actual = tidy(real).map((line) => `${masked(line)}\n`)
  if (new RegExp(`^${pattern}$`).test(actual.join(''))) return null
  return `shown:\n${tidy(shown).join('\n')}\nreal:\n${tidy(real).join('\n')}`
}

/**
 * Compares two JSON texts: the same members in the same order with the same values, but for ids and times.
 * @returns what differs, or `null`
 */
export function jsonDiffers(shown: string, real: string): string | null {
  return valueDiffers(parse(shown, 'shown'), parse(real, 'real'), 'it')
}

function parse(text: string, which: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`What is ${which} is not JSON:\n${text}`, { cause: error })
  }
}

function valueDiffers(shown: unknown, real: unknown, path: string): string | null {
  if (typeof shown === 'string' && typeof real === 'string') {
    return masked(shown) === masked(real) ? null : `${path}: shown "${shown}", real "${real}"`
  }
  if (typeof shown !== 'object' || typeof real !== 'object' || shown === null || real === null) {
    const same = Object.is(shown, real)
    return same ? null : `${path}: shown ${JSON.stringify(shown)}, real ${JSON.stringify(real)}`
  }
  const [mine, theirs] = [Object.keys(shown), Object.keys(real)]
  if (Array.isArray(shown) !== Array.isArray(real) || mine.join('\n') !== theirs.join('\n')) {
    return `${path}: shown with ${mine.join(', ')}; real with ${theirs.join(', ')}`
  }
  for (const key of mine) {
    const [a, b] = [Reflect.get(shown, key), Reflect.get(real, key)] as [unknown, unknown]
    const difference = valueDiffers(a, b, `${path}.${key}`)
    if (difference !== null) return difference
  }
  return null
}

function tidy(text: string): string[] {
  return text
    .replaceAll(/^\s*\n|\s+$/g, '')
    .split('\n')
    .map((line) => line.trimEnd())
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
