import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../package/pack.ts'

/** A JavaScript runtime on this computer. */
export interface Runtime {
  readonly name: string
  readonly version: string
  /** The program; `null` when it is not installed: `node scripts/runtimes.mjs` does that. */
  readonly program: string | null
  /** What makes it stricter than it is by itself. */
  readonly flags?: readonly string[]
  /** What does not run there for reasons of its own. */
  readonly without?: string
}

/** The runtimes that are promised, installed or not, and the one that runs the tests. */
export function runtimes(): Runtime[] {
  const own = { name: 'this Node.js', version: process.versions.node, program: process.execPath }
  return [own, ...others(false)]
}

/** The edge server that is promised, installed or not: it has no files, and runs a bundle. */
export function edge(): Runtime {
  return others(true)[0] as Runtime
}

function others(onEdge: boolean): Runtime[] {
  const cache = join(ROOT, 'node_modules', '.cache', 'vitrine-runtimes')
  const pinned = JSON.parse(readFileSync(join(import.meta.dirname, 'runtimes.json'), 'utf8')) as {
    name: string
    npm: string
    version: string
    bin: string
    isEdge?: true
  }[]
  const wanted = pinned.filter(({ isEdge = false }) => isEdge === onEdge)
  return wanted.map(({ name, npm, version, bin }) => {
    const home = join(cache, `${npm.replaceAll('/', '-')}-${version}`)
    const program = join(home, 'node_modules', npm, bin)
    return { name, version, program: existsSync(program) ? program : null }
  })
}

/** The Node.js that runs the tests, under each flag that takes something dangerous away. */
export function hardened(): Runtime[] {
  return [
    '--disable-proto=throw',
    '--disable-proto=delete',
    '--disallow-code-generation-from-strings',
    '--frozen-intrinsics',
  ].map((flag) => ({
    name: `this Node.js under ${flag}`,
    version: process.versions.node,
    program: process.execPath,
    flags: [flag],
    // a package of Express's looks at call sites, which are frozen
    ...(flag === '--frozen-intrinsics' && { without: 'Express' }),
  }))
}

/**
 * What a runtime needs to be told before the name of a script.
 * @param directory all that it may touch; Deno asks for such rights. Default: it may do everything
 */
export function argumentsFor({ name, flags = [] }: Runtime, directory?: string): string[] {
  if (name !== 'Deno') return [...flags]
  const rights =
    directory === undefined
      ? ['--allow-all']
      : [`--allow-read=${directory}`, `--allow-write=${directory}`, '--allow-env=NODE_ENV']
  return ['run', '--no-prompt', '--node-modules-dir=manual', ...rights]
}
