import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { instrumented } from './instrument.ts'

type From<Module, Names extends keyof Module> = Pick<Module, Names>

/** What is fuzzed: the package's own parts, with counts in them. */
export interface Modules {
  readonly cookie: From<typeof import('../../../src/transports/cookie.ts'), 'cookie'>
  readonly seal: From<typeof import('../../../src/transports/seal.ts'), 'sealedCookie'>
  readonly secrets: From<typeof import('../../../src/transports/secrets.ts'), 'keyring'>
  readonly layout: From<
    typeof import('../../../src/stores/file/layout.ts'),
    'plainLayout' | 'Unreadable'
  >
  readonly dancerJson: From<
    typeof import('../../../src/stores/file/dancer-json.ts'),
    'dancerJsonLayout'
  >
  readonly yaml: From<typeof import('../../../src/stores/file/yaml.ts'), 'plainYamlLayout'>
  readonly dancerYaml: From<
    typeof import('../../../src/stores/file/dancer-yaml.ts'),
    'dancerYamlLayout'
  >
  readonly merge: From<typeof import('../../../src/core/merge.ts'), 'merge'>
  readonly data: From<typeof import('../../../src/core/data.ts'), 'equal' | 'isPlainObject'>
  readonly policy: From<typeof import('../../../src/core/policy.ts'), 'milliseconds'>
  readonly expires: From<typeof import('../../../src/sessions/dancer-expires.ts'), 'dancerSeconds'>
  readonly errors: From<typeof import('../../../src/core/errors.ts'), 'VitrineError'>
  /** The parser under the YAML files. */
  readonly parser: typeof import('yaml')
}

const FILES: Readonly<Record<keyof Modules, string>> = {
  cookie: 'transports/cookie.js',
  seal: 'transports/seal.js',
  secrets: 'transports/secrets.js',
  layout: 'stores/file/layout.js',
  dancerJson: 'stores/file/dancer-json.js',
  yaml: 'stores/file/yaml.js',
  dancerYaml: 'stores/file/dancer-yaml.js',
  merge: 'core/merge.js',
  data: 'core/data.js',
  policy: 'core/policy.js',
  expires: 'sessions/dancer-expires.js',
  errors: 'core/errors.js',
  parser: 'yaml/index.js',
}

export async function loadModules(): Promise<Modules> {
  const folder = instrumented()
  const loaded = await Promise.all(
    Object.entries(FILES).map(async ([name, file]) => {
      const url = pathToFileURL(path.join(folder, file)).href
      return [name, (await import(/* @vite-ignore */ url)) as unknown]
    }),
  )
  return Object.fromEntries(loaded) as Modules
}
