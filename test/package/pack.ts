import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** The checkout. */
export const ROOT: string = dirname(dirname(import.meta.dirname))

export interface Manifest {
  readonly version: string
  readonly exports: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

export const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest

const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
const INPUTS = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts', 'src']
const TEXTS = ['README.md', 'LICENSE', 'CHANGELOG.md']

export interface Packed {
  /** The copy of the sources that it was built in. */
  readonly checkout: string
  /** The tarball's path. */
  readonly tarball: string
  readonly files: readonly { readonly path: string; readonly size: number; readonly mode: number }[]
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. A failing program is an answer, not an error. */
export async function run(cwd: string, command: string, args: readonly string[]): Promise<Ran> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, { cwd })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown } & Partial<Ran>
    return { code: typeof code === 'number' ? code : 1, stdout, stderr: stderr || String(error) }
  }
}

/** As `run`, and throws with everything it said when it fails. */
export async function must(cwd: string, command: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(cwd, command, args)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed\n${stdout}${stderr}`)
  return stdout
}

/** Type-checks, and compiles where the configuration says so. */
export function tsc(cwd: string, ...args: string[]): Promise<Ran> {
  return run(cwd, process.execPath, [TSC, ...args])
}

/**
 * Packs the package as `npm publish` would, `prepack` included, from a copy of the sources: the checkout's
 * own `dist` may be in use.
 */
export async function pack(directory: string): Promise<Packed> {
  const checkout = join(directory, 'checkout')
  mkdirSync(checkout)
  for (const name of [...INPUTS, ...TEXTS]) {
    if (existsSync(join(ROOT, name)))
      cpSync(join(ROOT, name), join(checkout, name), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'), 'junction')
  const answer = await must(checkout, 'npm', ['pack', '--json', '--pack-destination', directory])
  const report = JSON.parse(answer.slice(answer.indexOf('[\n'))) as [
    { filename: string; files: Packed['files'] },
  ]
  const [{ filename, files }] = report
  return { checkout, tarball: join(directory, filename), files }
}

/**
 * Makes an empty project and installs the package in it without the network: what it depends on is packed
 * from the checkout's own `node_modules`.
 */
export async function install(project: string, tarball: string): Promise<void> {
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n')
  const dependencies = Object.keys(MANIFEST.dependencies).map((name) => `./node_modules/${name}`)
  const to = ['--ignore-scripts', '--pack-destination', project]
  const answer = await must(ROOT, 'npm', ['pack', ...to, ...dependencies])
  const tarballs = answer.split('\n').filter((line) => line.endsWith('.tgz'))
  const quiet = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts']
  await must(project, 'npm', ['install', ...quiet, tarball, ...tarballs.map((name) => `./${name}`)])
}

/** Lets a project use a package of the checkout. */
export function link(project: string, name: string): void {
  const to = join(project, 'node_modules', name)
  mkdirSync(dirname(to), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules', name), to, 'junction')
}
