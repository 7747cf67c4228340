import type { JsonObject } from '../../../core/data.ts'
import type { SessionRecord } from '../../../core/store.ts'
import { changeData } from '../change.ts'
import type { Args, Run } from '../command.ts'
import { countOption, openFor, targetsOf } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import type { Terminal, World } from '../io.ts'
import { parsePath, withoutValue, withValue } from '../paths.ts'
import { shortId } from '../refs.ts'
import { printable } from '../terminal.ts'

/** Sets one value. */
export const set: Run = async (args, world, terminal) => {
  const [, pathText, valueText] = args.positionals as [string, string, string]
  const path = parsePath(pathText)
  const value = jsonOrText(valueText)
  return changeAll(args, world, terminal, (data) => withValue(data, path, value))
}

/** Removes one value. */
export const unset: Run = async (args, world, terminal) => {
  const path = parsePath(args.positionals[1] as string)
  return changeAll(args, world, terminal, (data) => withoutValue(data, path))
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function changeAll(
  args: Args,
  world: World,
  terminal: Terminal,
  change: (data: JsonObject) => JsonObject,
): Promise<typeof EXIT.done> {
  const [ref, path] = args.positionals as [string, string]
  const revision = countOption(args, 'if-rev')
  const opened = await openFor(args, world)
  const targets = await targetsOf([ref], opened, world)
  const { green, dim } = terminal.tones
  for (const { id } of targets) {
    world.signal.throwIfAborted()
    const { record, written } = await changeData(opened, id, (stored) => {
      if (revision !== undefined) mustBeAt(stored, revision, id)
      mustBeData(path, stored)
      return change(stored.data)
    })
    if (!terminal.isAttended) continue
    const did = written ? green('✓') : dim('=')
    const what = written ? `r${record.revision}` : 'was so already'
    terminal.say(`${did} ${shortId(id)}  ${printable(path)}  ${dim(what)}`)
  }
  return EXIT.done
}

/** `show` lists flash beside the data, but it is not part of it. */
function mustBeData(pathText: string, { data, flash }: SessionRecord): void {
  if (flash === undefined || Object.hasOwn(data, 'flash') || parsePath(pathText)[0] !== 'flash')
    return
  throw new Failure(EXIT.usage, 'Cannot change flash: it is what one request left for the next')
}

function mustBeAt(stored: SessionRecord, revision: number, id: string): void {
  if (stored.revision === revision) return
  throw new Failure(
    EXIT.conflict,
    `${shortId(id)} is at revision ${stored.revision}, not ${revision}`,
    {
      why: 'Somebody changed it since',
      hint: `vitrine show ${shortId(id)}`,
    },
  )
}
