// usage: npm run bench [-- BENCH [NUMBER …]] [--rounds N] [--dir DIR] [--only WORD] [--json FILE]
// Builds, installs the peers in this folder, and runs one bench or all of them, each in a process of its own.
import { fork, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'

const BENCHES = ['stores', 'http', 'cookies', 'reap', 'merge', 'size', 'promises']
const here = import.meta.dirname
const root = path.dirname(here)

function usage(message) {
  console.error(`${message}
usage: npm run bench [-- BENCH [NUMBER …] [--rounds N] [--dir DIR] [--only WORD] [--json FILE]]
benches: ${BENCHES.join(', ')}; without one, all of them`)
  process.exit(2)
}

function commandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        dir: { type: 'string' },
        only: { type: 'string' },
        json: { type: 'string' },
      },
    })
  } catch (error) {
    return usage(error.message)
  }
}

/** The peers are installed anew only when the lock file has changed. */
function isInstalled() {
  const installed = fs.statSync(path.join(here, 'node_modules', '.package-lock.json'), {
    throwIfNoEntry: false,
  })
  return installed && installed.mtimeMs >= fs.statSync(path.join(here, 'package-lock.json')).mtimeMs
}

function must(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const { values, positionals } = commandLine()
const [bench, ...numbers] = positionals
if (bench !== undefined && !BENCHES.includes(bench)) usage(`There is no bench "${bench}"`)

must(process.execPath, ['scripts/build.mjs'], root)
if (!isInstalled()) must('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], here)

const args = [...numbers]
if (values.rounds !== undefined) args.push('--rounds', values.rounds)
if (values.dir !== undefined) args.push('--dir', path.resolve(values.dir))
if (values.only !== undefined) args.push('--only', values.only)

const results = []
for (const name of bench ? [bench] : BENCHES) {
  const child = fork(path.join(here, `${name}.mjs`), args, { cwd: root })
  child.on('message', (result) => results.push(result))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) process.exit(code ?? 1)
  if (values.json !== undefined) {
    fs.writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`)
  }
}
if (values.json !== undefined) console.log(`The figures of all rounds are in ${values.json}`)
