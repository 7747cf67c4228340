import { formatPath, isPlainObject, type JsonObject } from '../../../core/data.ts'
import { VitrineError } from '../../../core/errors.ts'
import { merge } from '../../../core/merge.ts'
import { changeData, storable } from '../change.ts'
import type { Run } from '../command.ts'
import { openFor, targetOf } from '../context.ts'
import { draftFile, runEditor } from '../editor.ts'
import { EXIT, Failure, failureOf } from '../failure.ts'
import { shortId } from '../refs.ts'

/** Opens the data in an editor, and merges what comes back with what changed meanwhile. */
export const edit: Run = async (args, world, terminal) => {
  const opened = await openFor(args, world)
  const target = await targetOf(args.positionals[0] as string, opened, world)
  if ('reason' in target) {
    throw new Failure(EXIT.invalid, `Cannot edit this session: ${target.reason}`, {
      hint: target.path,
    })
  }
  const { green, dim } = terminal.tones
  const base = target.record.data
  const before = `${JSON.stringify(base, null, 2)}\n`
  const draft = await draftFile(`vitrine-${shortId(target.id)}.json`, before)
  try {
    await runEditor(draft.path, world, terminal)
    const after = await draft.read()
    if (after === before) {
      await draft.remove()
      terminal.say(dim('Nothing changed'))
      return EXIT.done
    }
    const mine = dataIn(after)
    storable(mine)
    const { record, written } = await changeData(opened, target.id, ({ data }) =>
      merged(base, mine, data),
    )
    await draft.remove()
    const what = written ? `r${record.revision}` : 'nothing changed'
    const isMerged = written && record.revision > target.record.revision + 1
    const note = isMerged ? ' · merged with what changed meanwhile' : ''
    terminal.say(`${green('✓')} ${shortId(target.id)}  ${dim(what + note)}`)
    return EXIT.done
  } catch (error) {
    throw await withText(error, draft, before)
  }
}

/** Reads what the editor left. The parser's own message would quote values. */
function dataIn(text: string): JsonObject {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    const position = /position (\d+)/.exec((error as Error).message)?.[1]
    const line = position === undefined ? '' : `, see line ${lineAt(text, Number(position))}`
    throw new Failure(EXIT.invalid, `Cannot store this: it is not JSON${line}`)
  }
  if (isPlainObject(data)) return data
  throw new Failure(EXIT.invalid, 'Cannot store this: session data is an object, { … }')
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}

/** The same merge as between two requests; but a person decides what no rule can. */
function merged(base: JsonObject, mine: JsonObject, theirs: JsonObject): JsonObject {
  const { data, conflicts } = merge(base, mine, theirs, (conflict) => ({
    value: conflict.theirs,
    winner: 'theirs',
  }))
  if (conflicts.length === 0) return data
  const paths = conflicts.map(({ path }) => formatPath(path)).join(', ')
  throw new Failure(EXIT.conflict, `Somebody else changed ${paths} meanwhile`, {
    why: 'Nothing was stored',
  })
}

/** A failure never loses what was typed: it says where it is. */
async function withText(
  error: unknown,
  draft: Awaited<ReturnType<typeof draftFile>>,
  before: string,
): Promise<unknown> {
  const text = await draft.read().catch(() => before)
  if (text === before) {
    await draft.remove()
    return error
  }
  const failure = error instanceof VitrineError ? failureOf(error) : error
  if (!(failure instanceof Failure)) return failure
  const { message, exit, why } = failure
  return new Failure(exit, message, {
    ...(why !== undefined && { why }),
    hint: `Your text is kept in ${draft.path}`,
    cause: error,
  })
}
