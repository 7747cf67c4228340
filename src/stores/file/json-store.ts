import type { Store } from '../../core/store.ts'
import type { FileStoreOptions } from './options.ts'
import { jsonLayout } from './json-layouts.ts'
import { openFiles, optionsOf } from './open-files.ts'

/**
 * Keeps sessions as JSON files, one each, which can be read, watched and edited while the app runs.
 * @param options the session directory (default `sessions`), or all options
 */
export function jsonStore(options: string | FileStoreOptions = {}): Store {
  const all = optionsOf(options)
  return openFiles(all, jsonLayout(all), 'json')
}
