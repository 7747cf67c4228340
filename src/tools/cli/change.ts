import { copyJson, equal, type JsonObject } from '../../core/data.ts'
import type { SessionRecord } from '../../core/store.ts'
import { EXIT, Failure } from './failure.ts'
import { holdsMask } from './mask.ts'
import type { Opened } from './opened.ts'

/** How deep data may be nested: as deep as the engine lets it by default. */
const MAX_DEPTH = 64

/** How often somebody else may get there first. */
const MAX_ATTEMPTS = 100

/** What came of a change. */
export interface Changed {
  readonly record: SessionRecord
  /** `false`: the data was like that already, and nothing was written. */
  readonly written: boolean
}

/**
 * Changes the data of one session by compare-and-swap: on what is stored now, and again on the newest when
 * somebody else stored something in between. The expiry stays where it is: an administrator is no visitor.
 * @param change what the data shall be, from what it is; must not alter what it is given
 * @throws Failure when the session is gone (5), or the new data cannot be stored (6)
 */
export async function changeData(
  opened: Opened,
  id: string,
  change: (record: SessionRecord) => JsonObject,
): Promise<Changed> {
  const store = await opened.change()
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const peek = await opened.look.peek(id)
    if (peek === null) throw new Failure(EXIT.conflict, 'The session ended meanwhile')
    if ('unreadable' in peek) {
      throw new Failure(EXIT.invalid, `Cannot read the session: ${peek.unreadable}`, {
        hint: peek.path,
      })
    }
    const { record, version } = peek
    if (record.retired) {
      throw new Failure(EXIT.conflict, 'The session was renewed: it goes on under another id')
    }
    const data = storable(change(record))
    if (equal(data, record.data)) return { record, written: false }
    const next = { ...record, data, revision: record.revision + 1 }
    if ((await store.write(id, next, version)) !== null) return { record: next, written: true }
  }
  throw new Failure(EXIT.conflict, 'Cannot store the session: others keep changing it')
}

/**
 * Plain JSON as a store keeps it.
 * @throws Failure with exit code 6 when it holds a mask; VitrineError `INVALID` when JSON cannot hold it
 */
export function storable(data: JsonObject): JsonObject {
  if (holdsMask(data)) {
    throw new Failure(
      EXIT.invalid,
      'Cannot store a masked value (••••): it would replace the secret',
      {
        hint: 'Start from vitrine show --reveal --json',
      },
    )
  }
  return copyJson(data, MAX_DEPTH) as JsonObject
}
