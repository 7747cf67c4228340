import { discover } from '../discover.ts'
import { EXIT } from '../failure.ts'
import { jsonText } from '../document.ts'
import { printable } from '../terminal.ts'
import { tabbed } from '../table.ts'
import type { Run } from '../command.ts'

/** Says which store is used, and why. */
export const where: Run = async (args, world, terminal) => {
  const { kind, dir, shown, why } = discover(args.value('store'), world)
  const { bold, dim } = terminal.colours
  if (args.has('json')) terminal.line(jsonText({ store: `${kind}:${dir}`, kind, dir, why }, 2))
  else if (!terminal.isTerminal) terminal.line(tabbed([`${kind}:${dir}`, why]))
  else {
    terminal.line(`${bold(printable(`${kind}:${shown}`))}  ${dim(printable(why))}`)
    if (shown !== dir) terminal.line(dim(printable(dir)))
  }
  return EXIT.done
}
