import type { Run } from '../command.ts'
import { confirm } from '../confirm.ts'
import { openFor } from '../context.ts'
import { sessionsText } from '../facts.ts'
import { EXIT } from '../failure.ts'
import { listStore } from '../opened.ts'

/** Removes every session of a store, and the store's own working files; other files stay. */
export const reset: Run = async (args, world, terminal) => {
  const opened = await openFor(args, world)
  const { entries, unreadable } = await listStore(opened, world.signal)
  const targets = [...entries, ...unreadable]
  const { shown } = opened.found
  const isSure =
    targets.length === 0 || args.has('yes') || (await confirm(targets, shown, world, terminal))
  if (!isSure) return EXIT.failed
  const store = await opened.change()
  await store.wipe()
  const { green } = terminal.tones
  if (terminal.isAttended) terminal.say(`${green('✓')} ${sessionsText(targets.length)} removed`)
  return EXIT.done
}
