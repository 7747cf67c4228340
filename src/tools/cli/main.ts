import { parseCommandLine } from './args.ts'
import { EXIT, failureOf, type ExitCode, type Failure } from './failure.ts'
import { terminalOf, type Terminal, type World } from './io.ts'
import { printable } from './terminal.ts'

/**
 * The program `vitrine`.
 * @param argv what follows the program's name
 * @returns the exit code
 */
export async function main(argv: readonly string[], world: World): Promise<ExitCode> {
  const terminal = terminalOf(world, argv.includes('--no-color'))
  try {
    const parsed = parseCommandLine(argv)
    if (parsed.kind === 'version') {
      terminal.line(await version())
      return EXIT.done
    }
    if (parsed.kind === 'help') {
      const { helpOn, overview } = await import('./help.ts')
      const lines = parsed.command
        ? helpOn(parsed.command, terminal.colours)
        : overview(terminal.colours)
      for (const line of lines) terminal.line(line)
      return EXIT.done
    }
    const run = await parsed.command.load()
    return await run(parsed.args, world, terminal)
  } catch (error) {
    if (world.signal.aborted) return EXIT.interrupted
    const failure = failureOf(error)
    tell(failure, terminal)
    return failure.exit
  }
}

/** Three lines at most: what, why, what to type. */
function tell({ message, why, hint, exit }: Failure, terminal: Terminal): void {
  const { red, dim, cyan } = terminal.tones
  const [what, ...rest] = message.split('\n')
  terminal.say(`${red('✗')} ${printable(what ?? '')}${dim(`   exit ${exit}`)}`)
  const lines = why === undefined ? rest : [why]
  if (lines.length > 0) terminal.say(dim(`  ${printable(lines.join(' '))}`))
  if (hint !== undefined) terminal.say(`  ${cyan(printable(hint))}`)
}

async function version(): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
