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
      terminal.line(await versionIn(world.manifest))
      return EXIT.done
    }
    if (parsed.kind === 'run' && parsed.command.load) {
      const run = await parsed.command.load()
      return await run(parsed.args, world, terminal)
    }
    const { helpOn, overview } = await import('./help.ts')
    const { command } = parsed
    const lines = command ? helpOn(command, terminal.colours) : overview(terminal.colours)
    for (const line of lines) terminal.line(line)
    return EXIT.done
  } catch (error) {
    if (world.signal.aborted && error === world.signal.reason) return EXIT.interrupted
    const failure = failureOf(error)
    tell(failure, terminal)
    return failure.exit
  }
}

/** Three lines at most: what, why, what to type. */
function tell({ message, why, hint, exit }: Failure, terminal: Terminal): void {
  const { red, dim, cyan } = terminal.tones
  const [what, ...rest] = message.split('\n')
  const lines = [`${red('✗')} ${printable(what ?? '')}`]
  const reason = why ?? rest.join(' ')
  if (reason !== '') lines.push(dim(`  ${printable(reason)}`))
  if (hint !== undefined) lines.push(`  ${cyan(printable(hint))}`)
  terminal.say(`${lines.join('\n')}${dim(`   exit ${exit}`)}`)
}

async function versionIn(manifest: URL): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  const text = await readFile(manifest, 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
