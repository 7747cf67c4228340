import type { JsonObject } from '../../core/data.ts'
import { MAX_DEPTH } from './dancer-record.ts'
import { Unreadable } from './layout.ts'
import { repair } from './mojibake.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true })
const NUMBER = /-?\d[\d.eE+-]*/y

/**
 * Reads what Dancer::Session::JSON leaves in a file: the first complete object, whatever stands behind it.
 * Two Perl processes that flush at once can leave a shorter text over a longer one; the first object is the
 * newest state then and the rest is debris.
 * @throws Unreadable
 */
export function readPerlJson(bytes: Buffer): JsonObject {
  if (bytes.length === 0) throw new Unreadable('the file is empty')
  const object = firstObject(bytes.toString('latin1'))
  const isAscii = !/[\u0080-\u00ff]/.test(object)
  const text = isAscii ? object : decodeText(Buffer.from(object, 'latin1'))
  let value: JsonObject
  try {
    value = JSON.parse(text) as JsonObject
  } catch {
    throw new Unreadable('it does not parse')
  }
  // Perl writes every character from 0x80 on as it is, so a text of escapes is ours, and sound
  return isAscii ? value : (repair(value) as JsonObject)
}

/**
 * Writes JSON that Perl reads right whatever the app's charset: ASCII alone, and no integer of more than
 * 64 bits, which Perl would turn into a text.
 */
export function writePerlJson(object: JsonObject): string {
  // first what is not ASCII: two of those characters end a line as well. Then a line of the pretty print that ends
  // in digits ends in a number: texts end in a quote
  return JSON.stringify(object, null, 2)
    .replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/(?<![\d.])-?\d{20,}(?=,?$)/gm, (digits) => Number(digits).toExponential())
}

/**
 * Cuts the first complete object out of a text of single bytes. Integers whose digits a number would lose
 * become texts.
 */
function firstObject(text: string): string {
  const start = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0
  if (!/^[ \t\r\n]*\{/.test(text.slice(start))) throw new Unreadable('it is not an object')
  let object = ''
  let copied = start
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at] as string
    if (char === '"') {
      at = endOfString(text, at)
    } else if (char === '{' || char === '[') {
      if (++depth > MAX_DEPTH) throw new Unreadable('it is nested too deep')
    } else if (char === '}' || char === ']') {
      if (--depth === 0) return object + text.slice(copied, at + 1)
    } else if (char === '-' || (char >= '0' && char <= '9')) {
      NUMBER.lastIndex = at
      const number = NUMBER.exec(text)?.[0] ?? char
      if (isLossy(number)) {
        object += `${text.slice(copied, at)}"${number}"`
        copied = at + number.length
      }
      at += number.length - 1
    }
  }
  throw new Unreadable('it is cut short')
}

/** Where the string that begins at a quote ends. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  return text.length
}

/** Perl's integers have 64 bits, ours 53. */
function isLossy(number: string): boolean {
  return number.length > 15 && /^-?\d+$/.test(number) && String(Number(number)) !== number
}

/** UTF-8, or the bytes as they are: an app with `charset: iso-8859-1` writes Latin-1. */
function decodeText(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}
