import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../package/pack.ts'

/** A JavaScript runtime on this computer. */
export interface Runtime {
  readonly name: string
  readonly version: string
  /** The program; `null` when it is not installed: `node scripts/runtimes.mjs` does that. */
  readonly program: string | null
}

/** The runtimes that are promised, installed or not, and the one that runs the tests. */
export function runtimes(): Runtime[] {
  const cache = join(ROOT, 'node_modules', '.cache', 'vitrine-runtimes')
  const pinned = JSON.parse(readFileSync(join(import.meta.dirname, 'runtimes.json'), 'utf8')) as {
    name: string
    npm: string
    version: string
    bin: string
  }[]
  const own = { name: 'this Node.js', version: process.versions.node, program: process.execPath }
  const others = pinned.map(({ name, npm, version, bin }) => {
    const home = join(cache, `${npm.replaceAll('/', '-')}-${version}`)
    const program = join(home, 'node_modules', npm, bin)
    return { name, version, program: existsSync(program) ? program : null }
  })
  return [own, ...others]
}

/**
 * What a runtime needs to be told before the name of a script.
 * @param directory all that it may touch; Deno asks for such rights. Default: it may do everything
 */
export function argumentsFor({ name }: Runtime, directory?: string): string[] {
  if (name !== 'Deno') return []
  const rights =
    directory === undefined
      ? ['--allow-all']
      : [`--allow-read=${directory}`, `--allow-write=${directory}`, '--allow-env=NODE_ENV']
  return ['run', '--no-prompt', '--node-modules-dir=manual', ...rights]
}
