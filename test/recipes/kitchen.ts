import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { compiled } from '../compiled.ts'
import { MANIFEST, ROOT } from '../package/pack.ts'
import { freePort, listening, type Program } from '../readme/process.ts'

/**
 * Builds and starts recipes, with the package as it is now. They work below the recipe's own directory: what lies in
 * `node_modules` is no source to a bundler, and what the recipe uses is found above.
 */

/** How long a build may take, in ms. */
const PATIENCE = 300_000

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly optional?: true }>
  >
}

/** Whether what a recipe uses is installed as its lock says: `node scripts/recipes.mjs` does that. */
export function isInstalled(name: string): boolean {
  const modules = join(ROOT, 'recipes', name, 'node_modules')
  if (!existsSync(join(modules, '.package-lock.json'))) return false
  const installed = lockAt(join(modules, '.package-lock.json'))
  return Object.entries(lockAt(join(dirname(modules), 'package-lock.json')))
    .filter(([path, { optional }]) => !['', 'node_modules/vitrine'].includes(path) && !optional)
    .every(([path, { version }]) => installed[path]?.version === version)
}

function lockAt(path: string): Lock['packages'] {
  return (JSON.parse(readFileSync(path, 'utf8')) as Lock).packages
}

export interface Served {
  readonly url: string
  /** Where its sessions lie. */
  readonly sessions: string
  stop(): Promise<void>
}

/** Starts a recipe as its package.json says, in a directory of its own. */
export async function serve(name: string): Promise<Served> {
  const built = await build(name)
  const directory = mkdtempSync(join(dirname(built), 'run-'))
  cpSync(built, directory, { recursive: true, verbatimSymlinks: true })
  installVitrine(directory)
  const port = await freePort()
  const url = `http://localhost:${port}`
  const program = script(directory, 'start', { PORT: String(port), ORIGIN: url })

  async function stop(): Promise<void> {
    end(program)
    await program.ended
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }

  try {
    await listening(program, port)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, sessions: join(directory, 'sessions'), stop }
}

/**
 * Type-checks and builds a recipe, once for each state of its files and of the package: of the package's types where
 * the built recipe loads the package, of its code as well where it contains it.
 */
async function build(name: string): Promise<string> {
  const from = join(ROOT, 'recipes', name)
  const tests = join(from, '.test')
  mkdirSync(tests, { recursive: true })
  writeFileSync(join(tests, 'tsconfig.json'), '{}\n') // a bundler that looks for one above stops here
  const inside = name === 'nitro' ? /\.js$|\.d\.ts$/ : /\.d\.ts$/
  const key = createHash('sha256')
    .update(contents(from, isSource))
    .update(contents(compiled(), (path) => !basename(path).includes('.') || inside.test(path)))
    .digest('hex')
    .slice(0, 12)
  const built = join(tests, `built-${key}`)
  if (existsSync(built)) return built
  const work = mkdtempSync(join(tests, 'work-'))
  try {
    for (const entry of readdirSync(from).filter(isSource)) {
      cpSync(join(from, entry), join(work, entry), { recursive: true })
    }
    installVitrine(work)
    await finish(script(work, 'types'))
    await finish(script(work, 'build'))
    for (const waste of ['node_modules', '.next/cache']) {
      rmSync(join(work, waste), { recursive: true, force: true })
    }
    renameSync(work, built)
    for (const old of readdirSync(tests).filter((entry) => isOld(join(tests, entry)))) {
      rmSync(join(tests, old), { recursive: true, force: true })
    }
  } catch (error) {
    rmSync(work, { recursive: true, force: true, maxRetries: 5 })
    if (!existsSync(built)) throw error // else another run was quicker
  }
  return built
}

/** Builds of other states, and what a killed test left behind. */
function isOld(path: string): boolean {
  return Date.now() - statSync(path).mtimeMs > 86_400_000
}

/** What belongs to a recipe itself, and not to what somebody made of it. */
function isSource(path: string): boolean {
  return !/^(\..*|node_modules|build|sessions|README\.md|package-lock\.json)$/.test(basename(path))
}

function contents(folder: string, counts: (path: string) => boolean): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => ({ entry, path: join(folder, entry.name) }))
    .filter(({ path }) => counts(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ entry, path }) =>
      entry.isDirectory() ? contents(path, counts) : `${entry.name}\n${readFileSync(path, 'utf8')}`,
    )
    .join('\n')
}

/** Puts the package where a recipe finds it before everything else, with its dependencies inside. */
function installVitrine(directory: string): void {
  const own = join(directory, 'node_modules', 'vitrine')
  mkdirSync(own, { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(own, 'package.json'))
  cpSync(compiled(), join(own, 'dist'), { recursive: true })
  for (const name of Object.keys(MANIFEST.dependencies)) {
    const to = join(own, 'node_modules', name)
    cpSync(join(ROOT, 'node_modules', name), to, { recursive: true })
  }
}

/** Starts a script of package.json like `npm run`, but as a process group, and with nothing of this test's environment. */
function script(directory: string, name: string, env: Record<string, string> = {}): Program {
  const { scripts } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>
  }
  const { PATH = '', HOME = '' } = process.env
  const bin = join(dirname(dirname(directory)), 'node_modules', '.bin')
  const child = spawn('sh', ['-c', scripts[name] ?? 'true'], {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      HOME,
      PATH: [bin, PATH].join(delimiter),
      NO_COLOR: '1',
      NEXT_TELEMETRY_DISABLED: '1',
      ...env,
    },
  })
  const out = { stdout: '', all: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (out.all += text))
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  ended.catch(() => undefined)
  return { process: child, out, ended }
}

async function finish(program: Program): Promise<void> {
  const timer = setTimeout(() => end(program), PATIENCE)
  const code = await program.ended.finally(() => clearTimeout(timer))
  if (code !== 0) throw new Error(`A script ended with ${code}\n${program.out.all}`)
}

function end({ process: child }: Program): void {
  if (child.pid === undefined || child.exitCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
