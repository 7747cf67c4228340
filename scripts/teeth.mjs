// Plants each fault of test/*/teeth.json into a copy of the sources and expects its suite to turn red:
// `npm run teeth`, or `npm run teeth -- WORD` for those whose suite, file or text has that word.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const root = path.dirname(import.meta.dirname)
const NEEDED = [
  'scripts',
  'src',
  'test',
  'docs',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'vitest.config.ts',
]

const word = (process.argv[2] ?? '').toLowerCase()
const teeth = fs
  .readdirSync(path.join(root, 'test'))
  .map((room) => path.join(root, 'test', room, 'teeth.json'))
  .filter((file) => fs.existsSync(file))
  .flatMap((file) => JSON.parse(fs.readFileSync(file, 'utf8')))
  .filter((tooth) => Object.values(tooth).join('\n').toLowerCase().includes(word))

/** A suite that takes longer than this, in ms, hangs: that is red as well. Alone, the longest takes one minute. */
const LIMIT = 300_000

const running = new Set()
const end = (child) => process.kill(-child.pid, 'SIGKILL')
process.once('SIGINT', () => {
  for (const child of running) end(child)
  process.exit(130)
})

/** Runs a suite in a folder; answers how many of its tests failed, or why they could not run. */
function failures(folder, suite) {
  return new Promise((resolve) => {
    const report = path.join(folder, 'report.json')
    const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
    const args = [vitest, 'run', suite, '--bail=1', '--reporter=json', `--outputFile=${report}`]
    const stdio = ['ignore', 'pipe', 'pipe']
    const child = spawn(process.execPath, args, { cwd: folder, stdio, detached: true })
    running.add(child)
    let hangs = false
    const watch = setTimeout(() => {
      hangs = true
      end(child)
    }, LIMIT)
    let said = ''
    const listen = (text) => (said += text)
    child.stdout.setEncoding('utf8').on('data', listen)
    child.stderr.setEncoding('utf8').on('data', listen)
    child.on('close', () => {
      clearTimeout(watch)
      running.delete(child)
      if (hangs) return resolve({ hangs })
      if (!fs.existsSync(report)) return resolve({ error: said.trim() })
      const {
        numFailedTests: failed,
        success,
        testResults,
      } = JSON.parse(fs.readFileSync(report, 'utf8'))
      const isUnfit = failed === 0 && !success // the fault does not compile, say
      resolve(
        isUnfit ? { error: testResults.map(({ message }) => message).join('\n') } : { failed },
      )
    })
  })
}

async function plant({ file, from, to, suite }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-teeth-'))
  try {
    for (const name of NEEDED) {
      fs.cpSync(path.join(root, name), path.join(folder, name), { recursive: true })
    }
    fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
    const target = path.join(folder, file)
    const parts = fs.readFileSync(target, 'utf8').split(from)
    if (parts.length !== 2)
      return `cannot plant it: its text stands ${parts.length - 1} times in ${file}`
    fs.writeFileSync(target, parts.join(to))
    const { failed, hangs, error } = await failures(folder, suite)
    if (hangs) return null
    if (error !== undefined) return `${suite} could not run: ${error.slice(-500)}`
    return failed > 0 ? null : `${suite} stays green`
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

let bitten = 0
const waiting = [...teeth]
async function work() {
  for (let tooth = waiting.shift(); tooth; tooth = waiting.shift()) {
    const start = performance.now()
    const why = await plant(tooth)
    const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6)
    if (why === null) bitten++
    console.log(
      `${why === null ? '✓' : '✗'} ${seconds} s  ${tooth.fault}${why === null ? '' : `: ${why}`}`,
    )
  }
}
await Promise.all(Array.from({ length: os.availableParallelism() }, work))
console.log(`${bitten} of ${teeth.length} planted faults were found`)
process.exitCode = bitten === teeth.length && bitten > 0 ? 0 : 1
