// Installs the runtimes of test/runtimes/runtimes.json, 100 to 190 MB each, in a cache: `node scripts/runtimes.mjs`.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchEach, npmInstall, root, run } from './fetch.mjs'

const cache = join(root, 'node_modules', '.cache', 'vitrine-runtimes')
const runtimes = JSON.parse(readFileSync(join(root, 'test', 'runtimes', 'runtimes.json'), 'utf8'))

await fetchEach(
  runtimes.map(({ name, npm, version, bin }) => {
    const home = join(cache, `${npm.replaceAll('/', '-')}-${version}`)
    const program = join(home, 'node_modules', npm, bin)
    return {
      title: `${name} ${version}`,
      home,
      isThere: () => existsSync(program),
      async fetch() {
        await npmInstall(home, '--no-package-lock', `${npm}@${version}`)
        await run(program, ['--version'])
      },
    }
  }),
)
