import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')

/**
 * The package as it would be published, for tests that need processes of their own: compiled once for each
 * state of the sources. @returns the folder with the doors in it
 */
export function compiled(): string {
  const key = createHash('sha256')
    .update(stateOf(path.join(root, 'src')))
    .digest('hex')
    .slice(0, 16)
  const cache = path.join(root, 'node_modules', '.cache', 'vitrine')
  const target = path.join(cache, key)
  if (fs.existsSync(target)) return target
  const work = `${target}.${process.pid}`
  const tsc = path.join(root, 'node_modules', '.bin', 'tsc')
  execFileSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', work], { cwd: root, stdio: 'pipe' })
  try {
    fs.renameSync(work, target)
  } catch {
    fs.rmSync(work, { recursive: true }) // another worker was quicker
  }
  return target
}

function stateOf(folder: string): string {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => `${file} ${fs.statSync(file).mtimeMs} ${fs.statSync(file).size}`)
    .join('\n')
}
