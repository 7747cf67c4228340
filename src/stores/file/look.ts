import type { SessionRecord, Version } from '../../core/store.ts'
import { directoryAt } from './directory.ts'
import { DEFAULT_MAX_BYTES, type FileStoreOptions } from './options.ts'
import { nodeIo } from './io.ts'
import { jsonLayout } from './json-layouts.ts'
import { yamlLayout } from './yaml-layouts.ts'
import { idsOf } from './layout.ts'
import { readerOf } from './reader.ts'

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
  const directory = directoryAt(options.dir ?? 'sessions', io)
  const reader = readerOf(directory, layout, maxBytes, io)
  return {
    dir: directory.path,
    pathOf: reader.pathOf,

    async *ids() {
      if (!io.lstat(directory.path)) return
      for await (const names of io.entries(directory.path)) yield* idsOf(names, layout)
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
