import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { Args, Command, OptionSpec } from './command.ts'
import { COMMANDS, COMMON, commandNamed } from './commands.ts'
import { EXIT, Failure } from './failure.ts'

/** A command line taken apart. */
export type Parsed =
  | { readonly kind: 'version' }
  | { readonly kind: 'help'; readonly command: Command | null }
  | { readonly kind: 'run'; readonly command: Command; readonly args: Args }

// No argument can hold a NUL: in front of one, it keeps `-flash` and `-5` from being read as options.
const SHIELD = '\0'

/**
 * Takes a command line apart.
 * @param argv what follows the program's name
 * @throws Failure with exit code 2
 */
export function parseCommandLine(argv: readonly string[]): Parsed {
  const { verb, rest } = split(argv)
  if (verb === null) {
    if (rest.some((arg) => arg === '--version' || arg === '-V')) return { kind: 'version' }
    const unknown = rest.find((arg) => !['--help', '-h', '--no-color'].includes(arg))
    if (unknown === undefined) return { kind: 'help', command: null }
    throw usage(rest.length === 1 ? `Unknown option ${unknown}` : 'Which verb?', 'vitrine help')
  }
  const command = commandNamed(verb)
  if (!command) throw usage(`There is no verb "${verb}"`, suggestion(verb))
  const args = parse(command, rest)
  if (args.has('help')) return { kind: 'help', command }
  checkCount(command, args.positionals)
  if (command.name === 'help') return helpFor(args.positionals[0])
  return { kind: 'run', command, args }
}

function helpFor(verb: string | undefined): Parsed {
  const command = verb === undefined ? null : commandNamed(verb)
  if (command === undefined) throw usage(`There is no verb "${verb}"`, suggestion(verb as string))
  return { kind: 'help', command }
}

/** Finds the verb: the first word that is neither an option nor the value of one. */
function split(argv: readonly string[]): { verb: string | null; rest: string[] } {
  for (let at = 0; at < argv.length; at++) {
    const arg = argv[at] as string
    if (arg === '-s' || arg === '--store') at++
    else if (!arg.startsWith('-')) return { verb: arg, rest: argv.toSpliced(at, 1) }
  }
  return { verb: null, rest: [...argv] }
}

function parse(command: Command, argv: readonly string[]): Args {
  const specs = { ...command.options, ...COMMON }
  const options: ParseArgsConfig['options'] = {}
  for (const [name, { type, short }] of Object.entries(specs)) {
    options[name] = { type, multiple: true, ...(short !== undefined && { short }) }
  }
  let parsed: { values: Record<string, unknown>; positionals: string[] }
  try {
    const args = argv.map((arg) => (isOperand(arg, command, specs) ? SHIELD + arg : arg))
    parsed = parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (error) {
    throw usage(plain(error), `vitrine help ${command.name}`)
  }
  const values = (name: string) =>
    ((parsed.values[name] ?? []) as (string | boolean)[]).map((value) => unshield(String(value)))
  return {
    positionals: parsed.positionals.map(unshield),
    has: (name) => parsed.values[name] !== undefined,
    value: (name) => values(name).at(-1),
    values,
  }
}

function unshield(text: string): string {
  return text.startsWith(SHIELD) ? text.slice(1) : text
}

/** Whether a word that begins with a dash is meant as an operand: a number, or a term of a query. */
function isOperand(
  arg: string,
  command: Command,
  specs: Readonly<Record<string, OptionSpec>>,
): boolean {
  if (/^-\d/.test(arg)) return true
  if (!command.query || !/^-[^-]./s.test(arg)) return false
  const shorts = Object.values(specs).filter(({ short }) => short !== undefined)
  const switches = shorts.filter(({ type }) => type === 'boolean').map(({ short }) => short)
  const isSwitches = arg
    .slice(1)
    .split('')
    .every((letter) => switches.includes(letter))
  return !isSwitches && !/^-n\d+$|^-s(?:file|yaml|dancer|dancer-yaml):/.test(arg)
}

function checkCount({ name, operands, count }: Command, positionals: readonly string[]): void {
  const [least, most] = count
  if (positionals.length >= least && positionals.length <= most) return
  const wanted = `vitrine ${[name, ...operands].join(' ')}`
  const limit = operands.length === 0 ? 'nothing' : `no more than ${operands.join(' ')}`
  const what =
    positionals.length < least ? `needs ${operands[positionals.length]}` : `takes ${limit}`
  throw usage(`${name} ${what}`, wanted)
}

/** The parser's message, without its advice on programming. */
function plain(error: unknown): string {
  const { message } = error as Error
  return (
    message
      .split(/\. |\n/, 1)[0]
      ?.replaceAll('\0', '')
      .replaceAll("'", '"') ?? message
  )
}

function usage(what: string, hint: string): Failure {
  return new Failure(EXIT.usage, what, { hint })
}

function suggestion(verb: string): string {
  const near = COMMANDS.map(({ name }) => ({ name, far: distance(verb, name) }))
    .filter(({ far, name }) => far <= Math.max(1, Math.floor(name.length / 2)))
    .sort((a, b) => a.far - b.far)[0]
  return near ? `vitrine ${near.name}` : 'vitrine help'
}

/** How many letters must be changed, added or removed (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
