// The suites that go on for as long as one lets them: `npm run soak -- --minutes N [--seed N] [SUITE]`.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'

const root = dirname(import.meta.dirname)
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
})
for (const name of ['minutes', 'seed']) {
  if (Number(values[name]) > 0) continue
  console.error(`--${name} takes a number above 0, and not ${JSON.stringify(values[name])}`)
  process.exit(2)
}

console.log(`Soaking for ${values.minutes} minutes; again with: --seed ${values.seed}`)
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const named = positionals.length > 0 ? ['-t', positionals.join('|')] : []
const child = spawn(
  process.execPath,
  [vitest, 'run', '--config', 'vitest.soak.config.ts', ...named],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SOAK_MINUTES: values.minutes, SOAK_SEED: values.seed },
  },
)
child.on('close', (code) => (process.exitCode = code ?? 1))
