// Weighs the package: `node scripts/size.mjs CHECKOUT TARBALL`, after a build. Exits 1 over a bound.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** What an app can load: every module but the command line and the test suites, compressed, in bytes. */
const MAX_CODE = 50_250
/** What npm downloads, in bytes. */
const MAX_TARBALL = 111_000

const [checkout = '.', tarball = ''] = process.argv.slice(2)
const dist = join(checkout, 'dist')
const modules = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.js') && !/^(bin\.js|testing\.js|cli|tools)/.test(path),
)
const code = gzipSync(Buffer.concat(modules.map((path) => readFileSync(join(dist, path))))).length
const packed = statSync(tarball).size

const kilobytes = (bytes) => `${Math.ceil(bytes / 1000)} kB`
console.log(`code ${kilobytes(code)} of ${kilobytes(MAX_CODE)}`)
console.log(`tarball ${kilobytes(packed)} of ${kilobytes(MAX_TARBALL)}`)
if (code > MAX_CODE || packed > MAX_TARBALL) process.exitCode = 1
