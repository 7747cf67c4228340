import { statSync } from 'node:fs'
import type { SessionRecord, Store } from '../../core/store.ts'
import { lookInto, type Lookout, type Peek } from '../../stores/file/look.ts'
import { jsonStore } from '../../stores/file/json-store.ts'
import { yamlStore } from '../../stores/file/yaml-store.ts'
import type { Found } from './discover.ts'
import { EXIT, Failure, failureOf } from './failure.ts'

/** A store that was opened to look into; `change` gives the one that writes. */
export interface Opened {
  readonly found: Found
  readonly look: Lookout
  /** Gets the store ready to be changed. Looking never needs it. */
  change(): Promise<Required<Store>>
  /** Follows changes, without changing anything. */
  readonly watch: Required<Store>['watch']
}

/** One session with the id it lies under. */
export interface Entry extends Peek {
  readonly id: string
}

/** A file that should be a session and is none. */
export interface Unreadable {
  readonly id: string
  readonly path: string
  readonly reason: string
}

/**
 * Opens a store that was found.
 * @throws Failure when its directory is not there
 */
export async function openStore(found: Found): Promise<Opened> {
  const { kind, dir } = found
  mustBeDirectory(found)
  const options = kind.startsWith('dancer') ? ({ dir, layout: 'dancer' } as const) : { dir }
  const isYaml = kind.endsWith('yaml')
  const look = await lookInto({ ...options, format: isYaml ? 'yaml' : 'json' })
  const store = (isYaml ? yamlStore(options) : jsonStore(options)) as Required<Store>
  return {
    found,
    look,
    async change() {
      await store.init(() => {})
      return store
    },
    watch: (signal) => store.watch(signal),
  }
}

function mustBeDirectory({ dir, shown, why }: Found): void {
  const facts = statSync(dir, { throwIfNoEntry: false })
  if (facts?.isDirectory()) return
  throw new Failure(
    EXIT.unreachable,
    `Cannot open ${shown}: ${facts ? 'it is a file' : 'it is not there'}`,
    {
      why,
      hint: 'Start the app once, or name another: vitrine --store file:path/to/sessions ls',
    },
  )
}

/** Everything that lies in a store, newest change first. */
export async function listStore(
  { look }: Opened,
  signal: AbortSignal,
): Promise<{ readonly entries: readonly Entry[]; readonly unreadable: readonly Unreadable[] }> {
  const entries: Entry[] = []
  const unreadable: Unreadable[] = []
  for await (const id of look.ids()) {
    signal.throwIfAborted()
    const peek = await peekAt(look, id)
    if (peek === null) continue
    if ('unreadable' in peek) unreadable.push({ id, path: peek.path, reason: peek.unreadable })
    else entries.push({ id, ...peek })
  }
  entries.sort((a, b) => b.modifiedAt - a.modifiedAt || (a.id < b.id ? -1 : 1))
  return { entries, unreadable }
}

/** One file that may not be read must not hide the others. */
async function peekAt(look: Lookout, id: string): ReturnType<Lookout['peek']> {
  try {
    return await look.peek(id)
  } catch (error) {
    if (failureOf(error).exit !== EXIT.notAllowed) throw error
    return { unreadable: 'permission is denied', path: look.pathOf(id) }
  }
}

/** Whether a session still counts: neither over nor renewed under another id. */
export function isCurrent(record: SessionRecord, now: number): boolean {
  return record.retired !== true && now < record.expiresAt
}
