import { commandNamed, type Run } from '../commands.ts'
import { EXIT, Failure } from '../failure.ts'
import { helpOn, overview } from '../help.ts'

/** Explains a verb, or names them all. */
export const help: Run = async ({ positionals: [verb] }, _world, terminal) => {
  const command = verb === undefined ? null : commandNamed(verb)
  if (command === undefined) {
    throw new Failure(EXIT.usage, `There is no verb "${verb}"`, { hint: 'vitrine help' })
  }
  const lines = command ? helpOn(command, terminal.colours) : overview(terminal.colours)
  for (const line of lines) terminal.line(line)
  return EXIT.done
}
