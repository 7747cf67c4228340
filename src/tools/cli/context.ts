import type { Args } from './command.ts'
import { discover } from './discover.ts'
import { EXIT, Failure } from './failure.ts'
import { readInput, type World } from './io.ts'
import { openStore, type Opened } from './opened.ts'
import { refsIn, resolveRef, type Reach, type Target } from './refs.ts'

/** Opens the store that the command line means. */
export async function openFor(args: Args, world: World): Promise<Opened> {
  return openStore(discover(args.value('store'), world))
}

/**
 * The sessions that references mean, each once; `-` stands for those on standard input.
 * @throws Failure with exit code 3 when one of them is not there
 */
export async function targetsOf(
  refs: readonly string[],
  opened: Opened,
  world: World,
): Promise<readonly Target[]> {
  const reach: Reach = { opened, cwd: world.cwd, signal: world.signal, now: world.now }
  const targets = new Map<string, Target>()
  for (const ref of refs) {
    const each = ref === '-' ? refsIn(await readInput(world)) : [ref]
    for (const name of each) {
      const target = await resolveRef(name, reach)
      targets.set(target.id, target)
    }
  }
  return [...targets.values()]
}

/** The one session that a reference means. */
export async function targetOf(ref: string, opened: Opened, world: World): Promise<Target> {
  const targets = await targetsOf([ref], opened, world)
  const [only, ...others] = targets
  if (only === undefined) throw new Failure(EXIT.noSuchSession, 'Standard input names no session')
  if (others.length > 0) {
    throw new Failure(EXIT.usage, `This takes one session; standard input names ${targets.length}`)
  }
  return only
}

/** A whole number more than 0 that an option was given. */
export function countOption(args: Args, name: string): number | undefined {
  const text = args.value(name)
  if (text === undefined) return undefined
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new Failure(EXIT.usage, `--${name} takes a whole number more than 0, not "${text}"`)
}

/** One of some words that an option was given. */
export function wordOption<Word extends string>(
  args: Args,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = args.value(name)
  if (text === undefined) return undefined
  const word = words.find((each) => each === text)
  if (word !== undefined) return word
  throw new Failure(EXIT.usage, `--${name} does not take "${text}"`, {
    hint: `It takes ${words.join(', ')}`,
  })
}

/** The query that operands and `--where` make together. */
export function queryText(args: Args): string {
  return [...args.positionals, ...args.values('where')].join(' ')
}
