// Builds dist/, or the folder it is given: the code as a few readable files, each of the modules that are used together,
// and the declarations that the doors lead to, module by module.
import { spawn } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { rolldown } from 'rolldown'

const root = dirname(import.meta.dirname)
const source = join(root, 'src')
const dist = resolve(process.argv[2] ?? join(root, 'dist'))

/**
 * Which modules share a file: the first line that fits counts, and what fits none is put where it is used. What
 * `index.ts` shows has files of its own: an app's bundle leaves out those that the app does not use, with the packages
 * and the parts of Node that they need.
 */
const FILES = [
  ['core', /^core\//],
  ['sealed-cookie', /^transports\/seal[.-]/],
  ['dancer', /^sessions\/dancer|\/dancer-settings\./],
  ['session-file-store', /\/session-file-store\./],
  ['sessions', /^(sessions|transports)\//],
  ['memory-store', /^stores\/(memory|change-feed)\./],
  ['yaml-files', /^stores\/file\/.*(yaml|scalar-types)/],
  ['json-files', /^stores\/file\/(?!aside-thread|look|.*default-store)/],
  ['web-http', /^adapters\/web-/],
  ['node-http', /^adapters\/(node-|opened)/],
  ['command', /^tools\/cli\/(args|commands?|failure|io|main|process|style|terminal)\./],
  ['verbs', /^tools\/cli\/(?!verbs\/|help\.)/],
]

const moduleOf = (id) => relative(source, id).replaceAll('\\', '/')
const isOfCommand = (id) => moduleOf(id).startsWith('tools/cli/')

/** `imports` in package.json says what it is: an app's bundler puts something else in its place for an edge server. */
const defaultStore = {
  name: 'default-store',
  resolveId: (path) =>
    path === '../stores/file/default-store.ts' ? { id: '#default-store', external: true } : null,
}

async function bundle(input, entryFileNames, codeSplitting, plugins = []) {
  const build = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    plugins,
    // Node's parts and packages; not what the bundler itself brings
    external: /^(node:|[a-z][a-z-]+(\/|$))/,
    preserveEntrySignatures: 'allow-extension',
    experimental: { attachDebugInfo: 'none' }, // which module a line comes from: 0.7 kB of comments
  })
  await build.write({
    dir: dist,
    entryFileNames,
    chunkFileNames: ({ moduleIds }) =>
      moduleIds.length > 0 && moduleIds.every(isOfCommand) ? 'cli/[name].js' : '[name].js',
    codeSplitting,
    // the doc comments belong to the declarations
    comments: { legal: false, jsdoc: false, annotation: true },
    minifyInternalExports: false,
  })
  await build.close()
}

function declare() {
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
  const options = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', dist]
  return new Promise((ended) => {
    const args = [join(typescript, 'bin', 'tsc'), ...options]
    spawn(process.execPath, args, { cwd: root, stdio: 'inherit' }).on('close', ended)
  })
}

/** Takes out the declarations that no door leads to. */
function prune() {
  const used = new Set(
    doors.filter((door) => door !== 'bin').map((door) => join(dist, `${door}.d.ts`)),
  )
  for (const file of used) {
    const paths = readFileSync(file, 'utf8').matchAll(/["'](\.[^"']+)\.[jt]s["']/g)
    for (const [, path] of paths) used.add(join(dirname(file), `${path}.d.ts`))
  }
  for (const path of readdirSync(dist, { recursive: true })) {
    if (path.endsWith('.d.ts') && !used.has(join(dist, path))) rmSync(join(dist, path))
  }
}

rmSync(dist, { recursive: true, force: true })
const doors = readdirSync(source)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => basename(name, '.ts'))
const entries = Object.fromEntries(doors.map((door) => [door, join(source, `${door}.ts`)]))
// the program of a thread, which `aside.ts` finds beside the file it is in
entries['aside-thread'] = join(source, 'stores/file/aside-thread.ts')
// what package.json has names for
entries['default-store'] = join(source, 'stores/file/default-store.ts')
entries['no-default-store'] = join(source, 'stores/file/no-default-store.ts')
const files = {
  name: (id) => FILES.find(([, modules]) => modules.test(moduleOf(id)))?.[0],
  debugName: 'FILES',
}
const [code] = await Promise.all([
  declare(),
  bundle(entries, '[name].js', { includeDependenciesRecursively: false, groups: [files] }, [
    defaultStore,
  ]),
  bundle(join(source, 'tools/demo/main.ts'), 'tools/demo/main.js', false),
])
prune()
chmodSync(join(dist, 'bin.js'), 0o755)
process.exitCode = code
