import { describe, expect, it } from 'vitest'
import { cut, pad, printable, printableJson, widthOf } from './terminal.ts'

const HOSTILE = [
  ['an escape sequence', '\u001b[31mred', '\\x1b[31mred'],
  ['a clipboard write (OSC 52)', '\u001b]52;c;aGk=\u0007', '\\x1b]52;c;aGk=\\x07'],
  ['a link (OSC 8)', '\u001b]8;;http://evil\u001b\\x', '\\x1b]8;;http://evil\\x1b\\x'],
  ['an 8-bit CSI', '\u009b2J', '\\x9b2J'],
  ['a line break', 'a\r\nb', 'a\\r\\nb'],
  ['a tab and a backspace', 'a\tb\b', 'a\\tb\\x08'],
  ['a right-to-left override', '\u202egnp.exe', '\\u202egnp.exe'],
  ['an isolate', '\u2066x\u2069', '\\u2066x\\u2069'],
  ['a zero-width space', 'a\u200bb', 'a\\u200bb'],
  ['a tag character', '\u{e0041}', '\\u{e0041}'],
  ['a lone surrogate', '\ud800', '\\ud800'],
  ['a line separator', '\u2028', '\\u2028'],
] as const

describe('printable', () => {
  it.each(HOSTILE)('makes %s inert', (_, text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('leaves what people write as it is', () => {
    const text = 'Ada, 山田, naïve, नमस्ते, می‌خواهم, 👩‍👩‍👧'
    expect(printable(text)).toBe(text)
  })
})

describe('printableJson', () => {
  it.each(HOSTILE)('keeps %s the same value, and inert', (_, text) => {
    const json = printableJson(JSON.stringify({ [text]: text }, null, 2))
    expect(JSON.parse(json)).toEqual({ [text]: text })
    expect(printable(json.replaceAll('\n', ''))).toBe(json.replaceAll('\n', ''))
  })
})

describe('the width of a text', () => {
  it('counts wide characters twice, marks and colours not at all', () => {
    expect(widthOf('山田')).toBe(4)
    expect(widthOf('e\u0301')).toBe(1)
    expect(widthOf('👩‍👩‍👧')).toBe(2)
    expect(widthOf('\u001b[1mbold\u001b[22m')).toBe(4)
    expect(widthOf('⚠ –')).toBe(3)
  })

  it('is what a cut text keeps to', () => {
    expect(cut('lovelace', 8)).toBe('lovelace')
    expect(cut('lovelace', 5)).toBe('love…')
    expect(cut('山田太郎', 5)).toBe('山田…')
    expect(cut('山田太郎', 4)).toBe('山…')
    expect(cut('x', 0)).toBe('')
  })

  it('is filled up on either side', () => {
    expect(pad('山', 4)).toBe('山  ')
    expect(pad('1', 3, 'right')).toBe('  1')
    expect(pad('long', 2)).toBe('long')
  })
})
