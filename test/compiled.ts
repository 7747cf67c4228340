import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')

/**
 * The package as it would be published, for tests that need processes of their own: built once for each
 * state of the sources. @returns the folder with the doors in it
 */
export function compiled(): string {
  return once('package', (folder) => [path.join(root, 'scripts', 'build.mjs'), folder])
}

/** The sources as JavaScript, module by module, for tests that look into one of them. */
export function compiledModules(): string {
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const project = ['-p', path.join(root, 'tsconfig.build.json')]
  return once('modules', (folder) => [
    tsc,
    ...project,
    '--declaration',
    'false',
    '--isolatedDeclarations',
    'false',
    '--outDir',
    folder,
  ])
}

/** @param command the program that fills a folder, and what it is told. The folder lies beside a `package.json` */
function once(what: string, command: (folder: string) => readonly string[]): string {
  const key = createHash('sha256')
    .update(['src', 'scripts'].map((name) => stateOf(path.join(root, name))).join('\n'))
    .update(fs.readFileSync(path.join(root, 'package.json')))
    .digest('hex')
    .slice(0, 16)
  const cache = path.join(root, 'node_modules', '.cache', 'vitrine')
  const target = path.join(cache, `${what}-${key}`)
  const dist = path.join(target, 'dist')
  if (fs.existsSync(target)) return dist
  const work = `${target}.${process.pid}`
  fs.mkdirSync(work, { recursive: true })
  fs.copyFileSync(path.join(root, 'package.json'), path.join(work, 'package.json'))
  execFileSync(process.execPath, command(path.join(work, 'dist')), { cwd: root, stdio: 'pipe' })
  try {
    fs.renameSync(work, target)
  } catch {
    fs.rmSync(work, { recursive: true }) // another worker was quicker
  }
  return dist
}

function stateOf(folder: string): string {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => `${file} ${fs.statSync(file).mtimeMs} ${fs.statSync(file).size}`)
    .join('\n')
}
