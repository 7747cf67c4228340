import type { Command, OptionSpec } from './command.ts'
import { COMMANDS, COMMON } from './commands.ts'
import type { Palette } from './style.ts'
import { pad } from './terminal.ts'

const REF_HELP =
  'a full id, its first 4 or more characters, @last, @2 (second newest), a file, or - (standard input)'

/** What `vitrine` alone says. */
export function overview(colours: Palette): string[] {
  const { bold, dim, cyan } = colours
  return [
    `${bold('vitrine')}  looks into sessions`,
    '',
    ...COMMANDS.map((command) => `  ${bold(pad(usageOf(command), 22))}${command.summary}`),
    '',
    `  ${dim('vitrine ls user.role:admin · vitrine show @last · vitrine watch')}`,
    `  ${dim('More on one:')} ${cyan('vitrine help ls')}`,
  ]
}

/** What `vitrine help VERB` says. */
export function helpOn(command: Command, colours: Palette): string[] {
  const { bold, dim, cyan } = colours
  const takesRef = command.operands.some((operand) => operand.startsWith('REF'))
  return [
    `${bold(`vitrine ${usageOf(command)}`)}  ${command.summary}`,
    ...(takesRef ? ['', `REF is ${REF_HELP}`] : []),
    ...(command.details ? ['', ...command.details] : []),
    '',
    ...Object.entries({ ...command.options, ...COMMON }).map(
      ([name, spec]) => `  ${pad(optionText(name, spec), 22)}  ${dim(spec.help)}`,
    ),
    '',
    ...command.examples.map((example) => `  ${cyan(example)}`),
  ]
}

function usageOf({ name, operands }: Command): string {
  return [name, ...operands].join(' ')
}

function optionText(name: string, { short, value }: OptionSpec): string {
  const letter = short === undefined ? '    ' : `-${short}, `
  return `${letter}--${name}${value === undefined ? '' : ` ${value}`}`
}
