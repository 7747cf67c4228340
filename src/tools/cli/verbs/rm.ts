import type { Run } from '../command.ts'
import { confirm, namesOf } from '../confirm.ts'
import { openFor, targetsOf } from '../context.ts'
import { sessionsText } from '../facts.ts'
import { EXIT } from '../failure.ts'

/** Removes sessions. */
export const rm: Run = async (args, world, terminal) => {
  const opened = await openFor(args, world)
  const targets = await targetsOf(args.positionals, opened, world)
  const { green, dim } = terminal.tones
  if (targets.length === 0) {
    terminal.say(dim('No sessions were named'))
    return EXIT.done
  }
  if (args.has('dry-run')) {
    for (const { id } of targets) terminal.line(id)
    if (terminal.isAttended) terminal.say(dim(`${sessionsText(targets.length)} would be removed`))
    return EXIT.done
  }
  const mayGoOn = args.has('yes') || (await confirm(targets, opened.found.shown, world, terminal))
  if (!mayGoOn) return EXIT.failed
  const store = await opened.change()
  for (const [at, { id }] of targets.entries()) {
    if (world.signal.aborted) {
      terminal.say(`Stopped after ${sessionsText(at)}; the same command goes on`)
      return EXIT.interrupted
    }
    await store.delete(id)
  }
  if (terminal.isAttended) {
    terminal.say(`${green('✓')} ${sessionsText(targets.length)} removed  ${dim(namesOf(targets))}`)
  }
  return EXIT.done
}
