import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { compiled } from '../compiled.ts'
import { MANIFEST, ROOT } from '../package/pack.ts'

/**
 * Makes a project that has installed the package as it is built now, with what it depends on.
 * @param packages what else the project uses, from the checkout
 */
export function makeProject(directory: string, packages: readonly string[]): void {
  const modules = join(directory, 'node_modules')
  const own = join(modules, 'vitrine')
  mkdirSync(own, { recursive: true })
  writeFileSync(join(directory, 'package.json'), '{ "private": true, "type": "module" }\n')
  cpSync(join(ROOT, 'package.json'), join(own, 'package.json'))
  cpSync(compiled(), join(own, 'dist'), { recursive: true })
  for (const name of [...Object.keys(MANIFEST.dependencies), ...packages]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'junction')
  }
}
