// usage: npm run bench -- stores | promises
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const [what = 'stores', ...args] = process.argv.slice(2)
const run = (command, words, cwd) => {
  const { status } = spawnSync(command, words, { cwd, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
if (!['stores', 'promises'].includes(what)) {
  console.error(`There is no bench "${what}": stores, promises`)
  process.exit(2)
}
const root = path.dirname(import.meta.dirname)
run(process.execPath, ['scripts/build.mjs'], root)
run('npm', ['install', '--silent', '--no-audit', '--no-fund'], import.meta.dirname)
run(process.execPath, [path.join(import.meta.dirname, `${what}.mjs`), ...args], root)
