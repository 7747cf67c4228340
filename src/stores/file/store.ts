import { isId } from '../../core/id.ts'
import type { SessionRecord, Store, Version } from '../../core/store.ts'
import { directoryAt } from './directory.ts'
import { dancerJsonLayout } from './dancer-json.ts'
import { acceptsDancerYamlId, dancerYamlLayout } from './dancer-yaml.ts'
import { fileStore, DEFAULT_MAX_BYTES, type FileStoreOptions } from './file-store.ts'
import { nodeIo } from './io.ts'
import { plainLayout, type Layout } from './layout.ts'
import { idOf, readerOf } from './reader.ts'
import { loadYaml, plainYamlLayout } from './yaml.ts'

const plainJsonLayout = plainLayout('.json', {
  stringify: (value) => JSON.stringify(value, null, 2),
  parse: JSON.parse,
})

/**
 * Keeps sessions as JSON files, one each, which can be read, watched and edited while the app runs.
 * @param options the session directory (default `sessions`), or all options
 */
export function jsonStore(options: string | FileStoreOptions = {}): Store {
  const all = optionsOf(options)
  return fileStore(all, jsonLayout(all))
}

/**
 * Keeps sessions as YAML files, one each. Needs the package `yaml`, which is loaded at the first use.
 * @param options the session directory (default `sessions`), or all options
 */
export function yamlStore(options: string | FileStoreOptions = {}): Store {
  const all = optionsOf(options)
  let opened: Promise<Store> | undefined
  const open = () =>
    (opened ??= yamlLayout(all).then((layout) => fileStore(all, layout) as Required<Store>))
  type All = Promise<Required<Store>>
  return {
    accepts: all.layout === 'dancer' ? acceptsDancerYamlId : isId,
    init: async (report) => (await (open() as All)).init(report),
    read: async (id) => (await open()).read(id),
    write: async (id, record, expected) => (await open()).write(id, record, expected),
    touch: async (id, expiresAt, expected) =>
      (await (open() as All)).touch(id, expiresAt, expected),
    turn: async (id) => (await (open() as All)).turn(id),
    delete: async (id) => (await open()).delete(id),
    reap: async (now, signal) => (await (open() as All)).reap(now, signal),
    wipe: async () => (await (open() as All)).wipe(),
    async *ids() {
      yield* (await (open() as All)).ids()
    },
    async *watch(signal) {
      yield* (await (open() as All)).watch(signal)
    },
  }
}

/** One session file as it lies there. */
export interface Peek {
  readonly record: SessionRecord
  readonly version: Version
  /** Absolute. */
  readonly path: string
  /** In bytes. */
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number
}

/** A session directory seen from outside. */
export interface Lookout {
  /** Absolute. */
  readonly dir: string
  /** Where the session of an id lies, whether or not it is there. */
  pathOf(id: string): string
  ids(): AsyncIterable<string>
  /** @returns the session, the reason why its file is none, or `null` when there is none */
  peek(id: string): Promise<Peek | { readonly unreadable: string; readonly path: string } | null>
}

/**
 * Looks into a session directory without changing anything: nothing is made, touched or set aside.
 * @param options as for the store, and which files it holds
 */
export async function lookInto(
  options: FileStoreOptions & { readonly format?: 'json' | 'yaml' },
): Promise<Lookout> {
  const { io = nodeIo, maxBytes = DEFAULT_MAX_BYTES } = options
  const layout = options.format === 'yaml' ? await yamlLayout(options) : jsonLayout(options)
  const directory = directoryAt(options.dir ?? 'sessions', io, () => () => {})
  const reader = readerOf(directory, layout, maxBytes, io)
  return {
    dir: directory.path,
    pathOf: reader.pathOf,

    async *ids() {
      if (!io.lstat(directory.path)) return
      for await (const name of io.entries(directory.path)) {
        const id = idOf(name, layout)
        if (id !== null) yield id
      }
    },

    async peek(id) {
      if (!layout.accepts(id)) return null
      const path = reader.pathOf(id)
      const look = reader.look(id)
      const facts = io.lstat(path)
      if (look.kind === 'absent' || !facts) return null
      if (look.kind === 'unreadable') return { unreadable: look.reason, path }
      return {
        ...look.stored,
        path,
        size: Number(facts.size),
        modifiedAt: Number(facts.mtimeMs),
      }
    },
  }
}

function optionsOf(options: string | FileStoreOptions): FileStoreOptions {
  return typeof options === 'string' ? { dir: options } : options
}

function jsonLayout({ layout }: FileStoreOptions): Layout {
  return layout === 'dancer' ? dancerJsonLayout : plainJsonLayout
}

async function yamlLayout({ layout }: FileStoreOptions): Promise<Layout> {
  const yaml = await loadYaml()
  return layout === 'dancer' ? dancerYamlLayout(yaml) : plainYamlLayout(yaml)
}
