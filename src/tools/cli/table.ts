import type { Palette, Style } from './style.ts'
import { cut, pad, printable, widthOf } from './terminal.ts'

/** One column of a table. */
export interface Column<Row> {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** The text of a cell; escaped and cut by the table. */
  text(row: Row): string
  /** How a cell looks. */
  style?(row: Row): Style
  /** A mark that stands after the text and is never cut, for example `⚠`. */
  mark?(row: Row): string
  /** May be cut down to this many columns. Absent: never cut. */
  readonly shrinkTo?: number
  /** Left out when the terminal is too narrow; the highest number goes first. Absent: always shown. */
  readonly drop?: number
}

const GAP = 2
const MARK_STYLE: keyof Palette = 'yellow'

/**
 * Lays rows out for a terminal of `width` columns: first columns are cut, then left out.
 * @returns the lines, titles first
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  colours: Palette,
): string[] {
  const { kept, widths } = fit(columns, rows, width)
  const line = (cells: readonly string[]) => cells.join(' '.repeat(GAP)).trimEnd()
  const titles = kept.map(({ title, align }, at) => pad(title, widths[at] ?? 0, align))
  return [
    colours.dim(line(titles)),
    ...rows.map((row) =>
      line(kept.map((column, at) => cell(column, row, widths[at] ?? 0, colours))),
    ),
  ]
}

function cell<Row>(column: Column<Row>, row: Row, width: number, colours: Palette): string {
  const mark = column.mark?.(row) ?? ''
  const room = mark === '' ? width : width - widthOf(mark) - 1
  const text = cut(printable(column.text(row)), room)
  const styled = column.style ? column.style(row)(text) : text
  return pad(mark === '' ? styled : `${styled} ${colours[MARK_STYLE](mark)}`, width, column.align)
}

function fit<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): { readonly kept: readonly Column<Row>[]; readonly widths: readonly number[] } {
  const full = new Map(columns.map((column) => [column, naturalWidth(column, rows)]))
  const least = ({ shrinkTo, title }: Column<Row>, natural: number) =>
    shrinkTo === undefined ? natural : Math.min(natural, Math.max(shrinkTo, widthOf(title)))
  const leastSum = (kept: readonly Column<Row>[]) =>
    kept.reduce((sum, column) => sum + GAP + least(column, full.get(column) ?? 0), -GAP)

  let kept = [...columns]
  while (leastSum(kept) > width) {
    const dropped = kept.filter(({ drop }) => drop !== undefined)
    const next = dropped.toSorted((a, b) => (b.drop ?? 0) - (a.drop ?? 0))[0]
    if (!next) break
    kept = kept.filter((column) => column !== next)
  }

  const widths = kept.map((column) => full.get(column) ?? 0)
  let excess = widths.reduce((sum, each) => sum + GAP + each, -GAP) - width
  while (excess > 0) {
    // one column at a time from the widest, so that two long ones share the loss
    const slack = kept.map((column, at) => (widths[at] ?? 0) - least(column, full.get(column) ?? 0))
    const candidates = slack.flatMap((room, at) => (room > 0 ? [at] : []))
    const widest = candidates.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0]
    if (widest === undefined) break
    widths[widest] = (widths[widest] ?? 0) - 1
    excess--
  }
  return { kept, widths }
}

function naturalWidth<Row>(column: Column<Row>, rows: readonly Row[]): number {
  let width = widthOf(column.title)
  for (const row of rows) {
    const mark = column.mark?.(row) ?? ''
    const extra = mark === '' ? 0 : widthOf(mark) + 1
    width = Math.max(width, widthOf(printable(column.text(row))) + extra)
  }
  return width
}

/** One row for a program: untruncated, separated by tabs; tabs and line breaks inside are escaped. */
export function tabbed(cells: readonly string[]): string {
  return cells.map(printable).join('\t')
}
