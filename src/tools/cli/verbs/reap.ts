import type { Run } from '../command.ts'
import { openFor } from '../context.ts'
import { countText, sessionsText } from '../facts.ts'
import { EXIT } from '../failure.ts'
import { listStore } from '../opened.ts'
import { progress } from '../progress.ts'

/** Removes expired sessions. It asks nothing: they are over. */
export const reap: Run = async (args, world, terminal) => {
  const opened = await openFor(args, world)
  const now = world.now()
  const { green, dim } = terminal.tones
  if (args.has('dry-run')) {
    const { entries } = await listStore(opened, world.signal)
    const over = entries.filter(({ record }) => record.expiresAt <= now)
    for (const { id } of over) terminal.line(id)
    if (terminal.isAttended) terminal.say(dim(`${sessionsText(over.length)} would be removed`))
    return EXIT.done
  }
  const store = await opened.change()
  const bar = progress(terminal, `reaping ${opened.found.shown}`)
  let removed: number
  try {
    removed = await store.reap(now, world.signal)
  } finally {
    bar.end()
  }
  if (world.signal.aborted) {
    terminal.say(`Stopped after ${countText(removed)}; vitrine reap goes on`)
    return EXIT.interrupted
  }
  if (terminal.isAttended) terminal.say(`${green('✓')} ${sessionsText(removed)} removed`)
  return EXIT.done
}
