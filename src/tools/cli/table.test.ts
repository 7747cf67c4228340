import { describe, expect, it } from 'vitest'
import { palette } from './style.ts'
import { tabbed, tableLines, type Column } from './table.ts'
import { widthOf } from './terminal.ts'

interface Row {
  readonly name: string
  readonly note: string
  readonly size: number
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', text: ({ name }) => name },
  {
    title: 'NOTE',
    text: ({ note }) => note,
    shrinkTo: 6,
    mark: ({ size }) => (size > 9 ? '⚠' : ''),
  },
  { title: 'SIZE', text: ({ size }) => String(size), align: 'right', drop: 1 },
]
const ROWS: readonly Row[] = [
  { name: 'ada', note: 'display case, oak', size: 7 },
  { name: '山田', note: 'a\u001b[2Jb', size: 10 },
]

function lines(width: number, colour = false): string[] {
  return tableLines(COLUMNS, ROWS, width, palette(colour))
}

describe('a table', () => {
  it('is lined up by what characters take on the screen', () => {
    expect(lines(80)).toEqual([
      'NAME  NOTE               SIZE',
      'ada   display case, oak     7',
      '山田  a\\x1b[2Jb ⚠          10',
    ])
  })

  it('cuts before it leaves out, and never cuts a mark', () => {
    expect(lines(22)).toEqual([
      'NAME  NOTE        SIZE',
      'ada   display c…     7',
      '山田  a\\x1b[2… ⚠    10',
    ])
    expect(lines(14)).toEqual(['NAME  NOTE', 'ada   display…', '山田  a\\x1b… ⚠'])
  })

  it.each([14, 18, 22, 29, 60])('keeps to %i columns', (width) => {
    for (const line of lines(width)) expect(widthOf(line)).toBeLessThanOrEqual(width)
  })

  it('is the same with colours', () => {
    const bare = lines(40, true).map((line) => line.replace(/\p{Cc}\[\d+m/gu, ''))
    expect(bare).toEqual(lines(40))
  })
})

it('a row for a program is whole, on one line', () => {
  expect(tabbed(['a\tb', 'c\nd', 'x'.repeat(200)])).toBe(`a\\tb\tc\\nd\t${'x'.repeat(200)}`)
})
