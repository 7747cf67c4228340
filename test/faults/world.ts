import { createEngine, type Engine, type SessionEvent, type Store } from '../../src/index.ts'
import type { Durability, Io } from '../../src/files.ts'
import { directoryAt } from '../../src/stores/file/directory.ts'
import { fileStore } from '../../src/stores/file/file-store.ts'
import type { Layout } from '../../src/stores/file/layout.ts'
import { jsonLayout } from '../../src/stores/file/json-layouts.ts'
import { yamlLayout } from '../../src/stores/file/yaml-layouts.ts'
import { locksIn } from '../../src/stores/file/lock.ts'
import { memoryDisk, STARTED, type Disk, type DiskOptions } from './disk.ts'
import type { Inode } from './inode.ts'

export const DIR = '/srv/app/sessions'

export type Format = 'json' | 'yaml'
const LAYOUTS: Readonly<Record<Format, Layout>> = {
  json: jsonLayout({}),
  yaml: await yamlLayout({}),
}

/** How sessions are kept in one run of a test. */
export interface Setting {
  readonly format: Format
  readonly durability: Durability
  /** Which rules the disk has. Default: those of Linux. */
  readonly rules?: Pick<DiskOptions, 'windows' | 'folds'>
}

/** A process of an app, as far as its sessions go. */
export interface App {
  readonly engine: Engine
  readonly store: Required<Store>
  readonly events: SessionEvent[]
}

export function openStore(io: Io, { format, durability }: Setting): Required<Store> {
  return fileStore({ dir: DIR, io, durability }, LAYOUTS[format]) as Required<Store>
}

/** The ids that the engines make, in order. */
export function idOf(nth: number): string {
  return `session${String(nth).padStart(25, '0')}`
}

/** @param first the number of the first id it makes @param later how long after the start it is, in ms */
export function startApp(io: Io, setting: Setting, first = 1, later = 0): App {
  const events: SessionEvent[] = []
  const store = openStore(io, setting)
  let nth = first
  const engine = createEngine({
    store,
    now: () => STARTED + later,
    createId: () => idOf(nth++),
    report: (event) => void events.push(event),
  })
  return { engine, store, events }
}

export function fileOf(id: string, format: Format): string {
  return `${DIR}/${id}${LAYOUTS[format].extension}`
}

/** The stored sessions, each as a text: equal texts are equal states. */
export type View = Readonly<Record<string, string>>

/** What another process finds. */
export async function view(io: Io, setting: Setting): Promise<View> {
  const { store } = startApp(io, setting)
  await store.init(() => {})
  const found: Record<string, string> = {}
  const ids: string[] = []
  for await (const id of store.ids()) ids.push(id)
  for (const id of ids.sort()) {
    const stored = await store.read(id)
    if (stored) found[id] = JSON.stringify(stored.record)
  }
  return found
}

/** A disk with the parent of the session directory on it. */
export function newDisk(options: DiskOptions = {}): Disk {
  const disk = memoryDisk(options)
  disk.io.mkdir('/srv', 0o755)
  disk.io.mkdir('/srv/app', 0o755)
  return disk
}

/** The same again, to be changed without changing the other. */
export function copyOf(inode: Inode): Inode {
  if (inode.kind !== 'directory') return { ...inode }
  const names = new Map<string, Inode>()
  for (const [name, inner] of inode.names) names.set(name, copyOf(inner))
  return { ...inode, names }
}

/** What is left of a store's own work once everybody has finished and the sweep was there: nothing but free locks. */
export async function leftovers(disk: Disk): Promise<string[]> {
  const left = [...(disk.at(`${DIR}/.vitrine/tmp`)?.names.keys() ?? [])]
  const locks = locksIn(directoryAt(DIR, disk.io), disk.io)
  for (const [name, lock] of disk.at(`${DIR}/.vitrine/locks`)?.names ?? []) {
    // one that could not be released is there for the next who needs it, after the lease
    await locks.take(name, 'next')
    locks.release(name, 'next')
    const inside = [...lock.names.keys()].join(' ')
    if (inside !== 'free') left.push(`${name}: ${inside}`)
  }
  return left
}
