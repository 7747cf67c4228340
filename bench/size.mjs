// What Vitrine weighs: the package, a bundle, and the time until it is imported. usage: npm run bench -- size [SPAWNS]
import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import * as harness from './harness.mjs'

const { numbers, dir } = harness.commandLine()
const [spawns = 21] = numbers
const here = import.meta.dirname
const root = path.dirname(here)
const dist = path.join(root, 'dist')
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`

harness.progress('packing')
const packing = execFileSync(
  'npm',
  ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', dir],
  { cwd: root, encoding: 'utf8' },
)
const packed = Object.values(JSON.parse(packing))[0]
execFileSync('tar', ['-xzf', packed.filename], { cwd: dir })
/** The package again, with some of its files only. */
function packedWith(isIn) {
  const files = packed.files.map((file) => file.path).filter(isIn)
  const archive = execFileSync('tar', ['-cf', '-', '-C', path.join(dir, 'package'), ...files], {
    maxBuffer: 1e9,
  })
  return { files: files.length, bytes: gzipSync(archive, { level: 9 }).length }
}
const parts = [
  ['all of it, as npm downloads it', { files: packed.entryCount, bytes: packed.size }],
  ['without types', packedWith((file) => !file.endsWith('.d.ts'))],
]

/** A web handler with a sealed cookie, for an edge server, and what else does this. */
const programs = {
  'vitrine: sealedCookie and withSession': `
    import { sealedCookie } from '${dist}/index.js'
    import { withSession } from '${dist}/web.js'
    const store = sealedCookie({ secrets: [SECRET] })
    export default {
      fetch: withSession({ store })((request, session) => new Response(session.data.user)),
    }`,
  [`${harness.named('iron-session')}: getIronSession`]: `
    import { getIronSession } from 'iron-session'
    export default {
      async fetch(request) {
        const response = new Response()
        const session = await getIronSession(request, response, { password: SECRET, cookieName: 'id' })
        return new Response(session.user, response)
      },
    }`,
}
harness.progress('bundling')
const places = {
  'for an edge server': { platform: 'browser', conditions: ['workerd'], external: ['node:*'] },
  'for Node': { platform: 'node' },
}
const bundles = []
for (const [place, target] of Object.entries(places)) {
  for (const [program, contents] of Object.entries(programs)) {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: here },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      logLevel: 'error',
      ...target,
    })
    const { contents: code } = outputFiles[0]
    const gzipped = gzipSync(code, { level: 9 }).length
    bundles.push({ name: `${program}, ${place}`, bytes: code.length, gzipped })
  }
}

const importing = (file) => ['--input-type=module', '-e', `import '${file}'`]
const resolved = (name) => import.meta.resolve(name)
const programsToStart = [
  { label: 'node alone', args: ['--input-type=module', '-e', ''] },
  { label: 'vitrine/express', args: importing(path.join(dist, 'express.js')) },
  { label: 'vitrine/fastify', args: importing(path.join(dist, 'fastify.js')) },
  { label: 'vitrine/web', args: importing(path.join(dist, 'web.js')) },
  { label: harness.named('express-session'), args: importing(resolved('express-session')) },
  { label: harness.named('session-file-store'), args: importing(resolved('session-file-store')) },
  { label: harness.named('@fastify/session'), args: importing(resolved('@fastify/session')) },
  { label: harness.named('iron-session'), args: importing(resolved('iron-session')) },
  { label: 'the command vitrine --version', args: [path.join(dist, 'bin.js'), '--version'] },
]
/** Each tells at its end what CPU time it used, which other work on the machine changes less than the clock. */
const TELL = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  console.error((user + system) / 1000)
})`)}`
const started = await harness.interleave(spawns, programsToStart, ({ label, args }) => {
  const words = ['--import', TELL, ...args]
  const begin = performance.now()
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: here, encoding: 'utf8' })
  const ms = performance.now() - begin
  if (status !== 0) throw new Error(`${label} failed: ${stderr}`)
  return { ms, cpu: Number(stderr) }
})
const [bare] = programsToStart
const ms = (program) => harness.median(started.get(program).map((start) => start.ms))
const cpu = (program) => harness.median(started.get(program).map((start) => start.cpu))

const sections = [
  {
    title: '### The package',
    rows: parts.map(([name, { files, bytes }]) => ({ '': name, files, packed: kilobytes(bytes) })),
  },
  {
    title: '### A web handler that keeps its sessions in a sealed cookie, bundled and minified',
    rows: bundles.map(({ name, bytes, gzipped }) => ({
      '': name,
      bundle: kilobytes(bytes),
      gzipped: kilobytes(gzipped),
      ratio: harness.times(gzipped / bundles[0].gzipped),
    })),
  },
  {
    title: '### A process that imports it and ends',
    rows: programsToStart.map((program) => ({
      '': program.label,
      ms: harness.digits(ms(program)),
      'over node alone, ms': program === bare ? '-' : (ms(program) - ms(bare)).toFixed(1),
      'CPU, ms': harness.digits(cpu(program)),
      'CPU over node alone, ms': program === bare ? '-' : (cpu(program) - cpu(bare)).toFixed(1),
    })),
  },
]
const notes = [
  `unpacked, the package has ${kilobytes(packed.unpackedSize)}; its dependencies are not in these figures but in the bundle's`,
]
const results = {
  parts: Object.fromEntries(parts),
  bundles,
  starts: [...started].map(([{ label }, runs]) => ({ label, runs })),
}
await harness.report({
  bench: 'size',
  title: 'what it weighs',
  dir,
  rounds: spawns,
  sections,
  notes,
  results,
})
