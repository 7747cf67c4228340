import { describe, expect, it } from 'vitest'
import { parseCommandLine, type Parsed } from './args.ts'
import type { Args } from './command.ts'

function run(...argv: string[]): { verb: string; args: Args } {
  const parsed: Parsed = parseCommandLine(argv)
  if (parsed.kind !== 'run') throw new Error(`not run: ${parsed.kind}`)
  return { verb: parsed.command.name, args: parsed.args }
}

describe('a command line', () => {
  it('takes the options of every verb before it and after it', () => {
    expect(run('-s', 'file:ls', 'show', 'x').args.value('store')).toBe('file:ls')
    expect(run('show', '--store=yaml:y', 'x').args.value('store')).toBe('yaml:y')
    expect(run('--no-color', 'ls').args.has('no-color')).toBe(true)
  })

  it('takes the terms of a query that begin with a dash', () => {
    const { args } = run('ls', 'user.role:admin', '-flash', '-q', '-cart.total>1', '-n5')
    expect(args.positionals).toEqual(['user.role:admin', '-flash', '-cart.total>1'])
    expect(args.has('quiet')).toBe(true)
    expect(args.value('limit')).toBe('5')
  })

  it('takes a negative number for a value', () => {
    expect(run('set', 'x', 'cart.total', '-5').args.positionals).toEqual(['x', 'cart.total', '-5'])
  })

  it('takes everything after -- as it stands', () => {
    expect(run('set', 'x', 'note', '--', '--yes').args.positionals).toEqual(['x', 'note', '--yes'])
  })

  it('takes - for standard input', () => {
    expect(run('rm', '-', '--yes').args.positionals).toEqual(['-'])
  })

  it('asks for help in several ways', () => {
    expect(parseCommandLine([])).toEqual({ kind: 'help', command: null })
    expect(parseCommandLine(['--help'])).toEqual({ kind: 'help', command: null })
    expect(parseCommandLine(['help', 'ls'])).toEqual(parseCommandLine(['ls', '-h']))
    expect(parseCommandLine(['--version'])).toEqual({ kind: 'version' })
  })
})

describe('a wrong command line', () => {
  it.each([
    [['lss'], 'There is no verb "lss"', 'vitrine ls'],
    [['frobnicate'], 'There is no verb "frobnicate"', 'vitrine help'],
    [['help', 'shwo'], 'There is no verb "shwo"', 'vitrine show'],
    [['ls', '--colour'], 'Unknown option "--colour"', 'vitrine help ls'],
    [['ls', '--limit'], 'Option "-n, --limit <value>" argument missing', 'vitrine help ls'],
    [['set', 'x'], 'set needs PATH', 'vitrine set REF PATH VALUE'],
    [['edit', 'x', 'y'], 'edit takes no more than REF', 'vitrine edit REF'],
    [['reap', 'x'], 'reap takes nothing', 'vitrine reap'],
    [['--frob'], 'Unknown option --frob', 'vitrine help'],
  ])('%j: %s', (argv, message, hint) => {
    expect(() => parseCommandLine(argv)).toThrow(
      expect.objectContaining({ message, hint, exit: 2 }),
    )
  })
})
