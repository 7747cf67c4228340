import { dancerJsonLayout } from './dancer-json.ts'
import { dancerYamlLayout } from './dancer-yaml.ts'
import type { FileStoreOptions } from './file-store.ts'
import { plainLayout, type Layout } from './layout.ts'
import { loadYaml, plainYamlLayout } from './yaml.ts'

/** Our own JSON files. */
export const plainJsonLayout: Layout = plainLayout('.json', {
  stringify: (value) => JSON.stringify(value, null, 2),
  parse: JSON.parse,
})

/** The layout of JSON files. */
export function jsonLayout({ layout }: FileStoreOptions): Layout {
  return layout === 'dancer' ? dancerJsonLayout : plainJsonLayout
}

/**
 * The layout of YAML files.
 * @throws VitrineError `MISSING_PACKAGE`
 */
export async function yamlLayout({ layout }: FileStoreOptions): Promise<Layout> {
  const yaml = await loadYaml()
  return layout === 'dancer' ? dancerYamlLayout(yaml) : plainYamlLayout(yaml)
}
