/** Puts colour on a text; one that does nothing stands in where colour is not wanted. */
export type Style = (text: string) => string

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const

/** The colours of one stream. */
export type Palette = Readonly<Record<keyof typeof CODES, Style>>

/** @param colour whether the stream wants any */
export function palette(colour: boolean): Palette {
  const styles = Object.entries(CODES).map(([name, [on, off]]) => [
    name,
    (text: string) => (colour && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text),
  ])
  return Object.fromEntries(styles) as Palette
}

/**
 * Decides on colour: `--no-color`, NO_COLOR (no-color.org: set and not empty), FORCE_COLOR, TERM=dumb, then
 * whether the stream is a terminal.
 */
export function wantsColour(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
  refused: boolean,
): boolean {
  if (refused || env['NO_COLOR']) return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return isTerminal && env['TERM'] !== 'dumb'
}
