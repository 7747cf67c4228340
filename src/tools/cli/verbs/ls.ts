import { basename } from 'node:path'
import { columnsNamed, FIELDS, type Row } from '../columns.ts'
import type { Run } from '../command.ts'
import { countOption, openFor, queryText, wordOption } from '../context.ts'
import { documentOf, jsonText } from '../document.ts'
import { countText, sessionsText } from '../facts.ts'
import { EXIT } from '../failure.ts'
import type { Terminal } from '../io.ts'
import { isCurrent, listStore, type Entry, type Unreadable } from '../opened.ts'
import { parseQuery } from '../query.ts'
import { tabbed, tableLines } from '../table.ts'
import { printable } from '../terminal.ts'

/** How many a terminal gets when nobody said how many. */
const SCREENFUL = 20

const SORTS = ['changed', 'created', 'expires', 'size', 'user', 'id'] as const

/** Lists sessions. */
export const ls: Run = async (args, world, terminal) => {
  const query = parseQuery(queryText(args))
  const limit = countOption(args, 'limit')
  const sort = wordOption(args, 'sort', SORTS) ?? 'changed'
  const columns = columnsNamed(args.value('columns'), terminal.colours)
  const opened = await openFor(args, world)
  const now = world.now()
  const { entries, unreadable } = await listStore(opened, world.signal)
  const counted = args.has('expired')
    ? entries
    : entries.filter(({ record }) => isCurrent(record, now))
  const matching = counted.filter(({ id, record }) => query(id, record))
  if (sort !== 'changed') matching.sort(FIELDS[sort])

  const asTable =
    terminal.isTerminal && !args.has('json') && !args.has('ndjson') && !args.has('quiet')
  const shown = matching.slice(0, limit ?? (asTable ? SCREENFUL : Infinity))
  const reveal = args.has('reveal')

  if (args.has('quiet')) for (const { id } of shown) terminal.line(id)
  else if (args.has('ndjson')) {
    for (const entry of shown) terminal.line(jsonText(documentOf(entry, reveal)))
  } else if (args.has('json')) {
    terminal.line(
      jsonText(
        shown.map((entry) => documentOf(entry, reveal)),
        2,
      ),
    )
  } else {
    const rows: Row[] = shown.map((entry) => ({ entry, now, reveal }))
    if (!asTable)
      for (const row of rows) terminal.line(tabbed(columns.map((column) => column.exact(row))))
    else if (rows.length > 0) {
      for (const line of tableLines(columns, rows, terminal.width, terminal.colours))
        terminal.line(line)
    }
  }
  if (terminal.isAttended) {
    const place = `${opened.found.shown} (${opened.found.kind})`
    sayHowMany(terminal, { entries, counted, matching, shown, place, bySort: sort })
  }
  if (unreadable.length > 0) sayUnreadable(terminal, unreadable)
  return EXIT.done
}

interface Counts {
  readonly entries: readonly Entry[]
  readonly counted: readonly Entry[]
  readonly matching: readonly Entry[]
  readonly shown: readonly Entry[]
  readonly place: string
  readonly bySort: string
}

function sayHowMany(terminal: Terminal, counts: Counts): void {
  const { entries, counted, matching, shown, place, bySort } = counts
  const { dim } = terminal.tones
  const isQuery = matching.length < counted.length
  const parts = [`${sessionsText(counted.length)} in ${printable(place)}`]
  if (isQuery) parts.push(matching.length === 0 ? 'none fits' : `${countText(matching.length)} fit`)
  if (shown.length < matching.length) {
    const order = bySort === 'changed' ? 'newest first' : `by ${bySort}`
    parts.push(`${countText(shown.length)} shown, ${order}`)
    const wanted = Math.min(matching.length, shown.length < 50 ? 50 : shown.length * 2)
    parts.push(`more: -n ${wanted}`)
  }
  const over = entries.length - counted.length
  if (over > 0) parts.push(`${countText(over)} over: --expired`)
  terminal.say(dim(parts.join(' · ')))
}

function sayUnreadable(terminal: Terminal, unreadable: readonly Unreadable[]): void {
  const { yellow, dim } = terminal.tones
  for (const { path, reason } of unreadable.slice(0, 3)) {
    terminal.say(
      `${yellow('!')} ${printable(basename(path))} ${dim(`is unreadable: ${printable(reason)}`)}`,
    )
  }
  const more = unreadable.length - 3
  if (more > 0) terminal.say(dim(`  and ${countText(more)} more`))
}
