import type { Terminal, World } from './io.ts'
import type { ExitCode } from './failure.ts'

/** One option of a command, in the terms of `parseArgs` and of the help. */
export interface OptionSpec {
  readonly type: 'boolean' | 'string'
  readonly short?: string
  /** What stands for the value in the help. */
  readonly value?: string
  readonly multiple?: boolean
  readonly help: string
}

/** What was typed, taken apart. */
export interface Args {
  readonly positionals: readonly string[]
  /** Whether a switch was given. */
  has(option: string): boolean
  /** The value of an option; the last one when it was given more than once. */
  value(option: string): string | undefined
  /** Every value of an option. */
  values(option: string): readonly string[]
}

/** Runs a verb. */
export type Run = (args: Args, world: World, terminal: Terminal) => Promise<ExitCode>

/** One verb of the program. The parser, the help and the dispatch are made of this table. */
export interface Command {
  readonly name: string
  readonly operands: readonly string[]
  /** How many operands there may be. */
  readonly count: readonly [least: number, most: number]
  /** Whether the operands are a query: then `-word` is a term and no option. */
  readonly query?: true
  readonly summary: string
  readonly details?: readonly string[]
  readonly options: Readonly<Record<string, OptionSpec>>
  readonly examples: readonly string[]
  /** Loaded when the verb is used: the start stays quick. Absent: the program itself does it. */
  load?(): Promise<Run>
}
