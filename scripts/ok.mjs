// Everything a change must pass: `npm run ok`, or `node scripts/ok.mjs --but=types,tests`.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const root = dirname(import.meta.dirname)
const packed = mkdtempSync(join(tmpdir(), 'vitrine-ok-'))
const but = process.argv.find((word) => word.startsWith('--but='))?.slice('--but='.length) ?? ''

const node = process.execPath
const tarball = () => join(packed, readdirSync(packed).find((name) => name.endsWith('.tgz')) ?? '')

/** Each is a command; those after `pack` look at what it made. */
const checks = {
  format: () => ['oxfmt', '--check', '.'],
  lint: () => ['oxlint', '--type-aware'],
  types: () => ['tsc', '-p', 'tsconfig.json'],
  tests: () => ['vitest', 'run', '--coverage'],
  build: () => [node, 'scripts/build.mjs'],
  pack: () => ['npm', 'pack', '--ignore-scripts', '--pack-destination', packed],
  publint: () => ['publint', '--strict', tarball()],
  attw: () => ['attw', '--profile', 'esm-only', '--no-definitely-typed', tarball()],
  knip: () => ['knip', '--no-progress'],
  size: () => [node, 'scripts/size.mjs', root, tarball()],
}

/** Runs a command to its end and keeps what it says for the case that it fails. */
function run([command, ...args]) {
  return new Promise((resolve) => {
    const bin = join(root, 'node_modules', '.bin')
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', PATH: bin + delimiter + process.env.PATH },
    })
    let said = ''
    const listen = (text) => (said += text)
    child.stdout.setEncoding('utf8').on('data', listen)
    child.stderr.setEncoding('utf8').on('data', listen)
    child.on('error', (error) => resolve({ ok: false, said: String(error) }))
    child.on('close', (code) => resolve({ ok: code === 0, said }))
  })
}

const failed = []
for (const [name, command] of Object.entries(checks)) {
  if (but.split(',').includes(name)) continue
  const start = performance.now()
  const { ok, said } = await run(command())
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${ok ? '✓' : '✗'} ${name.padEnd(8)} ${seconds.padStart(6)} s`)
  if (!ok) failed.push(name)
  if (!ok) console.log(stripVTControlCharacters(said).trimEnd().replaceAll(/^/gm, '    '))
}
rmSync(packed, { recursive: true, force: true })

console.log(failed.length === 0 ? 'Everything is fine' : `Failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
