/**
 * Session values are visitors' input. Whatever of them reaches a terminal goes through here first, so that no
 * value can move the cursor, change the title, open a link, write the clipboard or turn the text around.
 */

/**
 * Control characters (C0, DEL, C1), format characters (bidi, zero width, tags, soft hyphen), line and paragraph
 * separators, lone surrogates. The two joiners stay: scripts and emoji need them.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Shows a text as inert characters: what a terminal would obey is written as an escape (`\x1b`, `\u202e`). */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => SHORT[character] ?? escape(character))
}

/**
 * Does the same to JSON text, which stays the same JSON: `JSON.stringify` escapes C0, but neither DEL, C1 nor bidi.
 * Line breaks of the layout stay.
 */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : unitEscapes(character),
  )
}

function escape(character: string): string {
  const code = character.codePointAt(0) as number
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\u{${code.toString(16)}}`
}

/** JSON knows `\uXXXX` only: a character beyond the first plane takes two. */
function unitEscapes(character: string): string {
  return [...Array(character.length).keys()]
    .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
    .join('')
}

const STYLED = /\p{Cc}\[[0-9;]*m/gu
const ASCII = /^[ -~]*$/
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}])/u
const MARK = /^\p{Mark}/u

let segmenter: Intl.Segmenter | undefined

function graphemes(text: string): string[] {
  segmenter ??= new Intl.Segmenter()
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

function cells(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2
  return MARK.test(grapheme) ? 0 : 1
}

/** How many columns a text takes; colours take none. */
export function widthOf(text: string): number {
  const bare = text.includes('\u001b') ? text.replace(STYLED, '') : text
  if (ASCII.test(bare)) return bare.length
  return graphemes(bare).reduce((sum, grapheme) => sum + cells(grapheme), 0)
}

/** Cuts a text without colours to a width in columns, with `…` where something is missing. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let room = width - 1
  let kept = ''
  for (const grapheme of graphemes(text)) {
    room -= cells(grapheme)
    if (room < 0) break
    kept += grapheme
  }
  return width < 1 ? '' : `${kept}…`
}

/** Fills a text up to a width in columns. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'left' ? text + space : space + text
}
