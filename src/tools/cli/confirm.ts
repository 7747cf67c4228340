import { sessionsText, whoIs } from './facts.ts'
import { EXIT, Failure } from './failure.ts'
import { readLine, type Terminal, type World } from './io.ts'
import type { Target } from './refs.ts'
import { shortId } from './refs.ts'
import { printable } from './terminal.ts'

/** How many sessions a question names. */
const NAMED = 5

/** Names the first few: `3f9c2b7e (ada@lovelace.dev), 8307aa10 and 3 more`. */
export function namesOf(targets: readonly Target[]): string {
  const names = targets.slice(0, NAMED).map((target) => {
    const who = 'record' in target ? whoIs(target.record.data) : 'unreadable'
    return shortId(target.id) + (who === null ? '' : ` (${who})`)
  })
  const more = targets.length - names.length
  return printable(names.join(', ')) + (more > 0 ? ` and ${more} more` : '')
}

/**
 * Asks before something is removed. Without a terminal nobody can answer: then `--yes` must be there.
 * @returns whether to go on
 * @throws Failure with exit code 2
 */
export async function confirm(
  targets: readonly Target[],
  shown: string,
  world: World,
  terminal: Terminal,
): Promise<boolean> {
  const what = `${sessionsText(targets.length)} from ${shown}`
  if (!terminal.canAsk) {
    throw new Failure(EXIT.usage, `This removes ${what}, and nobody is here to ask`, {
      why: namesOf(targets),
      hint: 'Add --yes',
    })
  }
  const { bold, dim, yellow } = terminal.tones
  terminal.say(`${yellow('!')} Remove ${bold(what)}?  ${dim(namesOf(targets))}`)
  terminal.mutter(`  ${dim('[y/N]')} `)
  const answer = await readLine(world)
  if (/^y(es)?$/i.test(answer)) return true
  terminal.say(dim('  Nothing was removed'))
  return false
}
