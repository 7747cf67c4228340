// Installs the runtimes of test/runtimes/runtimes.json: `node scripts/runtimes.mjs`. They are too large to be
// devDependencies (100 to 190 MB each), so they lie in a cache; the tests skip what cannot be had.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const root = dirname(import.meta.dirname)
const cache = join(root, 'node_modules', '.cache', 'vitrine-runtimes')
const runtimes = JSON.parse(readFileSync(join(root, 'test', 'runtimes', 'runtimes.json'), 'utf8'))
const run = promisify(execFile)

async function install({ npm, version }, home, program) {
  if (existsSync(program)) return
  const options = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund']
  mkdirSync(home, { recursive: true })
  try {
    await run('npm', ['install', ...options, '--prefix', home, `${npm}@${version}`])
    await run(program, ['--version'])
  } catch (error) {
    rmSync(home, { recursive: true, force: true })
    throw error
  }
}

for (const runtime of runtimes) {
  const { name, npm, version, bin } = runtime
  const home = join(cache, `${npm.replaceAll('/', '-')}-${version}`)
  try {
    await install(runtime, home, join(home, 'node_modules', npm, bin))
    console.log(`✓ ${name} ${version}`)
  } catch (error) {
    const why = String(error.stderr || error.message).trim()
    console.log(
      `- ${name} ${version} cannot be had, its tests will skip\n${why}`.replaceAll('\n', '\n  '),
    )
  }
}
