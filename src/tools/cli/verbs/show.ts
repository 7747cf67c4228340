import type { Args, Run } from '../command.ts'
import { openFor, targetOf } from '../context.ts'
import { documentOf, jsonText } from '../document.ts'
import { sizeText, spanText, whoIs } from '../facts.ts'
import { EXIT, Failure } from '../failure.ts'
import type { Terminal } from '../io.ts'
import { rawBytes } from '../raw.ts'
import { masked } from '../mask.ts'
import type { Entry } from '../opened.ts'
import { parsePath, valueAt } from '../paths.ts'
import { tabbed } from '../table.ts'
import { cut, printable, widthOf } from '../terminal.ts'
import { flatEntries, treeLines } from '../tree.ts'

/** Shows one session, or what is at a path in it. */
export const show: Run = async (args, world, terminal) => {
  const [ref, pathText] = args.positionals
  const path = pathText === undefined ? [] : parsePath(pathText)
  const opened = await openFor(args, world)
  const target = await targetOf(ref as string, opened, world)
  if (args.has('raw')) {
    world.stdout.write(rawBytes(target.path))
    return EXIT.done
  }
  if ('reason' in target) {
    throw new Failure(EXIT.invalid, `Cannot read this session: ${target.reason}`, {
      hint: `vitrine show --raw ${target.id.slice(0, 8)}`,
    })
  }
  const { data, flash } = target.record
  const root = { ...data, ...(flash && !Object.hasOwn(data, 'flash') && { flash }) }
  const value = valueAt(root, path)
  if (value === undefined) {
    throw new Failure(EXIT.noSuchSession, `There is nothing at ${pathText}`, {
      hint: `vitrine show ${target.id.slice(0, 8)}`,
    })
  }
  const reveal = args.has('reveal')
  const shown = reveal ? value : masked(value, path)

  if (args.has('json')) {
    terminal.line(jsonText(pathText === undefined ? documentOf(target, reveal) : shown, 2))
  } else if (args.has('flat') || !terminal.isTerminal) printFlat(shown, path, args, terminal)
  else {
    if (pathText === undefined) terminal.line(headLine(target, world.now(), reveal, terminal))
    const lines = treeLines(value, path, {
      colours: terminal.colours,
      width: terminal.width,
      reveal,
    })
    for (const line of lines) terminal.line(line)
    if (pathText === undefined && lines.length === 0) terminal.line(terminal.colours.dim('no data'))
  }
  return EXIT.done
}

/** For a program: `path<TAB>value` a line; for `--flat`: `path = value`. One value alone stands alone. */
function printFlat(
  value: unknown,
  path: readonly (string | number)[],
  args: Args,
  terminal: Terminal,
): void {
  if (path.length > 0 && (typeof value !== 'object' || value === null) && !args.has('flat')) {
    terminal.line(printable(typeof value === 'string' ? value : JSON.stringify(value)))
    return
  }
  const { bold } = terminal.colours
  const entries = flatEntries(value, path).filter(([at]) => at !== '')
  for (const [at, each] of entries) {
    const text = jsonText(each)
    terminal.line(args.has('flat') ? `${bold(printable(at))} = ${text}` : tabbed([at, text]))
  }
}

function headLine(
  { id, record, size }: Entry,
  now: number,
  reveal: boolean,
  terminal: Terminal,
): string {
  const { bold, dim, red } = terminal.colours
  const who = whoIs(record.data)
  const left = record.expiresAt - now
  const end = record.retired
    ? 'renewed: goes on under another id'
    : left > 0
      ? record.expiresAt === Infinity
        ? 'never expires'
        : `expires in ${spanText(left)}`
      : `over since ${spanText(-left)}`
  const facts = `r${record.revision} · ${sizeText(size)} · ${end}`
  const name = who === null ? '' : printable(String(reveal ? who : masked(who)))
  const shownFacts = record.retired === true || !(left > 0) ? red(facts) : dim(facts)
  const line = [bold(name), id, shownFacts].filter((part) => part !== '')
  if (widthOf(line.join('  ')) <= terminal.width) return line.join('  ')
  return [bold(cut(name, terminal.width)), id, shownFacts].filter((part) => part !== '').join('\n')
}
