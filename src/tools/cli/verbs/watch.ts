import { formatPath, type Change } from '../../../core/data.ts'
import type { SessionRecord } from '../../../core/store.ts'
import type { Args, Run } from '../command.ts'
import { openFor, queryText } from '../context.ts'
import { jsonText } from '../document.ts'
import { timeText, whoIs } from '../facts.ts'
import { EXIT, Failure } from '../failure.ts'
import type { Terminal } from '../io.ts'
import { masked } from '../mask.ts'
import { listStore } from '../opened.ts'
import { KINDS, occurrenceOf, type Occurrence } from '../occurrence.ts'
import { parseQuery } from '../query.ts'
import { shortId } from '../refs.ts'
import type { Style } from '../style.ts'
import { tabbed } from '../table.ts'
import { cut, pad, printable, widthOf } from '../terminal.ts'

const USER_WIDTH = 20
const KIND_WIDTH = Math.max(...KINDS.map((kind) => kind.length))

/** Follows what happens to sessions, from their files: whoever changes them, it is seen. */
export const watch: Run = async (args, world, terminal) => {
  const query = parseQuery(queryText(args))
  const only = kindsOf(args)
  const opened = await openFor(args, world)
  const { signal } = world
  // following starts first: what happens while the store is read is not missed
  const changes = opened.watch(signal)[Symbol.asyncIterator]()
  let next = changes.next()
  next.catch(() => undefined) // awaited below
  const known = new Map<string, SessionRecord>()
  const { entries } = await listStore(opened, signal)
  for (const { id, record } of entries) known.set(id, record)
  if (terminal.isAttended) {
    terminal.say(terminal.tones.dim(`watching ${printable(opened.found.shown)} · Ctrl-C to stop`))
  }

  for (;;) {
    const { done, value } = await next
    if (done) return signal.aborted ? EXIT.interrupted : EXIT.done
    next = changes.next()
    next.catch(() => undefined)
    const { id } = value
    const before = known.get(id) ?? null
    const peek = await opened.look.peek(id)
    const after = peek && ('unreadable' in peek ? peek.unreadable : peek.record)
    if (after === null) known.delete(id)
    else if (typeof after !== 'string') known.set(id, after)
    const occurrence = occurrenceOf(id, world.now(), before, after)
    if (!occurrence || (only && !only.includes(occurrence.kind))) continue
    const records = [before, typeof after === 'string' ? null : after]
    if (!records.some((record) => record && query(id, record))) continue
    print(occurrence, args, terminal)
  }
}

function kindsOf(args: Args): readonly string[] | null {
  const text = args.value('only')
  if (text === undefined) return null
  const kinds = text.split(',').map((kind) => kind.trim())
  const unknown = kinds.find((kind) => !KINDS.some((each) => each === kind))
  if (unknown === undefined) return kinds
  throw new Failure(EXIT.usage, `--only does not take "${unknown}"`, {
    hint: `It takes ${KINDS.join(', ')}`,
  })
}

function print(occurrence: Occurrence, args: Args, terminal: Terminal): void {
  const { at, kind, id, record, changes } = occurrence
  const who = whoIs(record?.data ?? {})
  const user = who === null || args.has('reveal') ? who : String(masked(who))
  if (args.has('ndjson')) {
    const revision = record?.revision
    const documents = changes.map((change) => changeDocument(change, args.has('reveal')))
    terminal.line(jsonText({ at: timeText(at), kind, id, user, revision, changes: documents }))
  } else if (!terminal.isTerminal) {
    const paths = changes.map(({ op, path }) => SIGNS[op] + formatPath(path))
    terminal.line(tabbed([timeText(at), kind, id, user ?? '', paths.join(' ') || occurrence.note]))
  } else terminal.line(terminalLine(occurrence, user, terminal))
}

const SIGNS = { add: '+', change: '~', remove: '-' } as const

function changeDocument({ op, path, before, after }: Change, reveal: boolean): object {
  const show = (value: unknown) => (reveal ? value : masked(value, path))
  return { op, path: formatPath(path), before: show(before), after: show(after) }
}

function terminalLine(occurrence: Occurrence, user: string | null, terminal: Terminal): string {
  const { colours, width } = terminal
  const { bold, dim, green, yellow, red, blue } = colours
  const { at, kind, id, changes, note } = occurrence
  const kindStyle: Readonly<Record<Occurrence['kind'], Style>> = {
    created: blue,
    written: green,
    touched: dim,
    renewed: blue,
    deleted: red,
    unreadable: yellow,
  }
  const who = pad(user === null ? dim('–') : cut(printable(user), USER_WIDTH), USER_WIDTH)
  const head = `${dim(clock(at))}  ${kindStyle[kind](pad(kind, KIND_WIDTH))}  ${bold(shortId(id))}  ${who}`
  const isNarrow = width < widthOf(head) + 16
  const room = isNarrow ? width - 4 : width - widthOf(head) - 2
  const styles = { add: green, change: yellow, remove: red } as const
  let rest = dim(note)
  let shown = 0
  for (const { op, path } of changes) {
    const text = cut(printable(SIGNS[op] + formatPath(path)), Math.max(8, room))
    const left = changes.length - shown - 1
    const reserve = left > 0 ? widthOf(` … ${left} more`) : 0
    if (shown > 0 && widthOf(rest) + 1 + widthOf(text) + reserve > room) break
    rest = [rest, styles[op](text)].filter((part) => part !== '').join(' ')
    shown++
  }
  if (shown < changes.length) rest += dim(` … ${changes.length - shown} more`)
  if (rest === '') return head.trimEnd()
  return isNarrow ? `${head.trimEnd()}\n    ${rest}` : `${head}  ${rest}`
}

/** The time of day here, to the millisecond. */
function clock(at: number): string {
  const date = new Date(at)
  const two = (part: number) => String(part).padStart(2, '0')
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${time}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
