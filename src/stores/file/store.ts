import { resolve } from 'node:path'
import { isId } from '../../core/id.ts'
import type { Store } from '../../core/store.ts'
import { acceptsDancerYamlId } from './dancer-yaml.ts'
import { withThread } from './aside.ts'
import { fileStore, type FileStoreOptions } from './file-store.ts'
import { gauge } from './gauge.ts'
import { nodeIo } from './io.ts'
import type { Layout } from './layout.ts'
import { jsonLayout, yamlLayout } from './layouts.ts'

/**
 * Keeps sessions as JSON files, one each, which can be read, watched and edited while the app runs.
 * @param options the session directory (default `sessions`), or all options
 */
export function jsonStore(options: string | FileStoreOptions = {}): Store {
  const all = optionsOf(options)
  return filesWith(all, jsonLayout(all), 'json')
}

/**
 * Keeps sessions as YAML files, one each. Needs the package `yaml`, which is loaded at the first use.
 * @param options the session directory (default `sessions`), or all options
 */
export function yamlStore(options: string | FileStoreOptions = {}): Store {
  const all = optionsOf(options)
  let opened: Promise<Store> | undefined
  const open = () => (opened ??= yamlLayout(all).then((layout) => filesWith(all, layout, 'yaml')))
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
    close: async () => (await (opened as All | undefined))?.close(),
    async *ids() {
      yield* (await (open() as All)).ids()
    },
    async *watch(signal) {
      yield* (await (open() as All)).watch(signal)
    },
  }
}

/** With a file system of somebody else's there is no other thread: it could not be taken there. */
function filesWith(
  options: FileStoreOptions,
  layout: Layout,
  format: 'json' | 'yaml',
): Required<Store> {
  const { io, ...rest } = options
  if (io) return fileStore(options, layout) as Required<Store>
  const measured = gauge(nodeIo)
  const dir = resolve(rest.dir ?? 'sessions') // a thread has no directory of its own to be in
  const store = fileStore({ ...rest, io: measured.io }, layout)
  return withThread(store, measured, { ...rest, dir, format })
}

function optionsOf(options: string | FileStoreOptions): FileStoreOptions {
  return typeof options === 'string' ? { dir: options } : options
}
