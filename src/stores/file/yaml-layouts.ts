import { dancerYamlLayout } from './dancer-yaml.ts'
import type { FileStoreOptions } from './options.ts'
import type { Layout } from './layout.ts'
import { loadYaml, plainYamlLayout } from './yaml.ts'

/**
 * The layout of YAML files.
 * @throws VitrineError `MISSING_PACKAGE`
 */
export async function yamlLayout({ layout }: FileStoreOptions): Promise<Layout> {
  const yaml = await loadYaml()
  return layout === 'dancer' ? dancerYamlLayout(yaml) : plainYamlLayout(yaml)
}
