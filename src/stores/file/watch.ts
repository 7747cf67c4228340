import { join } from 'node:path'
import type { StoreChange } from '../../core/store.ts'
import type { Directory } from './directory.ts'
import { namesIn, unless, type Io } from './io.ts'
import { idOf, idsOf, type Layout } from './layout.ts'

/** The whole directory is looked through this often, in ms: a net under what the system may not tell. */
const RESCAN = 30_000

/** A file that changed is looked at again after this long, in ms. */
const AGAIN = 5

/** A directory that is not there yet is looked for this often, in ms. */
const AWAIT = 250

/** Follows a session directory, whoever changes it, until the signal aborts. It changes nothing itself. */
export async function* watchDirectory(
  directory: Directory,
  layout: Layout,
  io: Io,
  signal: AbortSignal,
): AsyncGenerator<StoreChange> {
  const states = new Map<string, string>()
  const pending = new Set<string>()
  let rescan = true
  let wake: (() => void) | null = null
  let watcher: { close(): void } | null = null

  const nudge = () => wake?.()
  const stop = () => {
    watcher?.close() // also when the reader is busy and does not come back
    nudge()
  }
  signal.addEventListener('abort', stop, { once: true })
  for (const id of here()) states.set(id, stateOf(id))
  try {
    while (!signal.aborted) {
      watcher ??= start()
      if (rescan) {
        rescan = false
        for (const id of new Set([...states.keys(), ...here()])) pending.add(id)
      }
      for (const id of pending) {
        pending.delete(id)
        const change = changeOf(id)
        if (change) yield change
      }
      if (pending.size === 0 && !rescan) await pause(watcher ? RESCAN : AWAIT)
    }
  } finally {
    signal.removeEventListener('abort', stop)
    watcher?.close()
  }

  function start(): { close(): void } | null {
    let started: { close(): void } | null = null
    unless('ENOENT', () => {
      started = io.watch(directory.path, (name) => {
        const id = name === null ? null : idOf(name, layout)
        if (id === null) {
          // the directory itself may have gone, or events were lost
          if (name === null || !io.lstat(directory.path)) lost()
        } else {
          pending.add(id)
          // Bun tells of one of two changes within a millisecond: a second look finds the other
          void io.sleep(AGAIN).then(() => {
            pending.add(id)
            nudge()
          })
        }
        nudge()
      })
    })
    rescan = true
    return started
  }

  function lost(): void {
    watcher?.close()
    watcher = null
    rescan = true
  }

  function changeOf(id: string): StoreChange | null {
    const before = states.get(id) ?? ''
    const after = stateOf(id)
    if (after === before) return null
    if (after === '') {
      states.delete(id)
      return { id, kind: 'deleted' }
    }
    states.set(id, after)
    return { id, kind: 'written' }
  }

  function stateOf(id: string): string {
    const facts = io.lstat(join(directory.path, id + layout.extension))
    return facts?.isFile() ? `${facts.ino} ${facts.ctimeNs} ${facts.size}` : ''
  }

  function here(): string[] {
    return idsOf(namesIn(directory.path, io), layout)
  }

  /** Waits for an event, the signal, or the time. */
  async function pause(ms: number): Promise<void> {
    const timer = setTimeout(() => {
      rescan = true
      nudge()
    }, ms)
    await new Promise<void>((resolve) => {
      wake = resolve
      if (signal.aborted) resolve()
    })
    wake = null
    clearTimeout(timer)
  }
}
