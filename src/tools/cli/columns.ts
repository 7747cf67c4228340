import { keysOf, sizeText, spanText, timeText, whoIs } from './facts.ts'
import { isRisky, masked } from './mask.ts'
import type { Entry } from './opened.ts'
import { parsePath, valueAt } from './paths.ts'
import { shortId } from './refs.ts'
import type { Palette } from './style.ts'
import type { Column } from './table.ts'

/** One session in a list. */
export interface Row {
  readonly entry: Entry
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly reveal: boolean
}

/** A column of `ls`: for a reader, and exactly for a program. */
export interface ListColumn extends Column<Row> {
  exact(row: Row): string
}

/** A session that ends within this time is about to: 5 minutes, in ms. */
const SOON = 5 * 60_000

/** What stands for nothing. */
const NONE = '–'

const DEFAULT = 'id,user,keys,size,changed,expires'

/** How sessions are put in order: biggest and latest first, names from A. */
export const FIELDS: Readonly<Record<string, (a: Entry, b: Entry) => number>> = {
  created: (a, b) => b.record.createdAt - a.record.createdAt,
  expires: (a, b) => (a.record.expiresAt < b.record.expiresAt ? -1 : 1),
  size: (a, b) => b.size - a.size,
  // those without a name come last
  user: (a, b) =>
    (whoIs(a.record.data) ?? '\uffff').localeCompare(whoIs(b.record.data) ?? '\uffff'),
  id: (a, b) => (a.id < b.id ? -1 : 1),
}

/**
 * The columns of a list.
 * @param list names and paths, separated by commas; absent: the usual ones
 * @throws Failure with exit code 2 when a path cannot be read
 */
export function columnsNamed(list: string | undefined, colours: Palette): readonly ListColumn[] {
  const known = knownColumns(colours)
  const names = (list ?? DEFAULT).split(',').filter((name) => name.trim() !== '')
  return names.map((name) => known[name.trim()] ?? pathColumn(name.trim()))
}

function knownColumns({ bold, dim, red }: Palette): Readonly<Record<string, ListColumn>> {
  const user = ({ entry, reveal }: Row) => {
    const who = whoIs(entry.record.data)
    return who === null || reveal ? who : (masked(who) as string)
  }
  const keys = ({ entry }: Row) => keysOf(entry.record)
  return {
    id: {
      title: 'ID',
      text: ({ entry }) => shortId(entry.id),
      style: () => bold,
      exact: ({ entry }) => entry.id,
    },
    user: {
      title: 'USER',
      text: (row) => user(row) ?? NONE,
      style: (row) => (user(row) === null ? dim : plain),
      exact: (row) => user(row) ?? '',
      shrinkTo: 16,
    },
    keys: {
      title: 'KEYS',
      text: (row) => keys(row).join(' ') || NONE,
      style: (row) => (keys(row).length === 0 ? dim : plain),
      mark: ({ entry }) => (isRisky(entry.record.data) ? '⚠' : ''),
      exact: (row) => keys(row).join(' '),
      shrinkTo: 12,
      drop: 2,
    },
    size: {
      title: 'SIZE',
      align: 'right',
      text: ({ entry }) => sizeText(entry.size),
      exact: ({ entry }) => String(entry.size),
      drop: 4,
    },
    revision: {
      title: 'REV',
      align: 'right',
      text: ({ entry }) => `r${entry.record.revision}`,
      exact: ({ entry }) => String(entry.record.revision),
      drop: 5,
    },
    created: timeColumn('CREATED', ({ entry }) => entry.record.createdAt),
    changed: timeColumn('CHANGED', ({ entry }) => entry.modifiedAt),
    expires: {
      title: 'EXPIRES',
      align: 'right',
      text: ({ entry: { record }, now }) => {
        if (record.retired) return 'renewed'
        return record.expiresAt > now ? spanText(record.expiresAt - now) : 'over'
      },
      style: ({ entry: { record }, now }) => {
        if (record.retired || !(record.expiresAt > now)) return dim
        return record.expiresAt - now < SOON ? red : plain
      },
      exact: ({ entry }) => timeText(entry.record.expiresAt),
      drop: 1,
    },
  }
}

function timeColumn(title: string, at: (row: Row) => number): ListColumn {
  return {
    title,
    align: 'right',
    text: (row) => spanText(row.now - at(row)),
    exact: (row) => timeText(at(row)),
    drop: 3,
  }
}

/** A column of the values at a path. */
function pathColumn(name: string): ListColumn {
  const path = parsePath(name)
  const exact = ({ entry: { record }, reveal }: Row) => {
    const root = { ...(record.flash && { flash: record.flash }), ...record.data }
    const value = valueAt(reveal ? root : masked(root), path)
    if (value === undefined) return ''
    return typeof value === 'string' ? value : JSON.stringify(value)
  }
  return { title: name, text: (row) => exact(row) || NONE, exact, shrinkTo: 8 }
}

function plain(text: string): string {
  return text
}
