import { isId } from '../../core/id.ts'
import { lateStore } from '../../core/late-store.ts'
import type { Store } from '../../core/store.ts'
import { acceptsDancerYamlId } from './dancer-yaml.ts'
import type { FileStoreOptions } from './options.ts'
import { openFiles, optionsOf } from './open-files.ts'
import { yamlLayout } from './yaml-layouts.ts'

/**
 * Keeps sessions as YAML files, one each. Needs the package `yaml`, which is loaded at the first use.
 * @param options the session directory (default `sessions`), or all options
 */
export function yamlStore(options: string | FileStoreOptions = {}): Store {
  const all = optionsOf(options)
  const accepts = all.layout === 'dancer' ? acceptsDancerYamlId : isId
  return lateStore(accepts, async () => openFiles(all, await yamlLayout(all), 'yaml'))
}
