import { resolve } from 'node:path'
import { isId } from '../../core/id.ts'
import type { Store } from '../../core/store.ts'
import { acceptsDancerYamlId } from './dancer-yaml.ts'
import { lateStore } from '../../core/late-store.ts'
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
  const accepts = all.layout === 'dancer' ? acceptsDancerYamlId : isId
  return lateStore(accepts, async () => filesWith(all, await yamlLayout(all), 'yaml'))
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
