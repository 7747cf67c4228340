import { isId } from '../../core/id.ts'
import type { Store } from '../../core/store.ts'
import { acceptsDancerYamlId } from './dancer-yaml.ts'
import { fileStore, type FileStoreOptions } from './file-store.ts'
import { jsonLayout, yamlLayout } from './layouts.ts'

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

function optionsOf(options: string | FileStoreOptions): FileStoreOptions {
  return typeof options === 'string' ? { dir: options } : options
}
