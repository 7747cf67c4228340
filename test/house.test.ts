import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'

/**
 * The order of the house, read from the source itself: who imports whom, what a door shows, what no file holds.
 * The lint knows the floors too; this test resolves each import, so that a detour does not escape it.
 */

const ROOT = dirname(import.meta.dirname)
const MAX_LINES = 260

/** Which rooms a room may import from, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  transports: ['core'],
  stores: ['core'],
  'stores/file': ['core'],
  sessions: ['core', 'stores', 'stores/file', 'transports'],
  adapters: ['core', 'sessions'],
  tools: ['core', 'sessions', 'stores', 'stores/file', 'transports', 'doors'],
}

/** The rooms that may use what only Node has. */
const MAY_USE_NODE = ['stores/file', 'adapters', 'tools', 'doors']

/** What each door shows. A change here is a change of the API: it belongs in the changelog. */
const API: Readonly<Record<string, readonly string[]>> = {
  'index.ts': words(`
    cookie createEngine createId createSessions fromDancer fromSessionFileStore isId jsonStore
    memoryStore sealedCookie yamlStore
    Change Codec Conflict ConflictReport CookieOptions DancerConfig Duration Engine ErrorCode
    FileStoreOptions Header Incoming InferOutput LostReason MemoryStoreOptions OnInvalid Options
    Path RejectReason Report SchemaIssue SealedCookieOptions SealedRecord Sealer Session
    SessionData SessionEvent SessionFileStoreSettings SessionRecord Sessions StandardSchema Store
    StoreChange Stored Transport Version VitrineError
  `),
  'express.ts': words(`
    session
    SessionMiddleware
  `),
  'fastify.ts': words(`
    session
    SessionPlugin
  `),
  'koa.ts': words(`
    session
    SessionMiddleware
  `),
  'hono.ts': words(`
    session
    SessionMiddleware SessionVariables
  `),
  'web.ts': words(`
    withSession
    SessionHandler WithSession
  `),
  'express-session.ts': words(`
    fromExpressSession
    Callback ExpressSessionStore ExpressSessionStoreOptions ForeignStore
  `),
  'files.ts': words(`
    jsonStore lookInto nodeIo yamlStore
    Durability Facts FileStoreOptions Io Lookout Peek
  `),
  'testing.ts': words(`
    changesOf cookieFor sealerSuite storeSuite
    Capability DataChange SealerFixture SealerSuiteOptions SessionsOf StoreFixture StoreSuiteOptions
    Test
  `),
}

const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.tsx?$/.test(path) && !/\.test(-d)?\.tsx?$/.test(path))
  .sort()
const text = new Map(files.map((file) => [file, readFileSync(join(ROOT, 'src', file), 'utf8')]))
const code = new Map([...text].map(([file, source]) => [file, withoutComments(source)]))
const doors = files.filter((file) => !file.includes('/'))
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  exports: Record<string, string>
  bin: Record<string, string>
  dependencies: Record<string, string>
  peerDependencies: Record<string, string>
}

describe('the floors', () => {
  it('every import leads to a room that may be entered', () => {
    const wrong = files.flatMap((file) =>
      localImportsOf(file)
        .filter((target) => !mayImport(roomOf(file), roomOf(target)))
        .map((target) => `${file} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('every import names a file that exists, with its .ts', () => {
    const wrong = files.flatMap((file) =>
      localImportsOf(file)
        .filter((target) => !text.has(target))
        .map((target) => `${file} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('node: is used only where I/O lives', () => {
    const wrong = files.filter(
      (file) =>
        !MAY_USE_NODE.includes(roomOf(file)) &&
        importsOf(file).some((name) => name.startsWith('node:')),
    )
    expect(wrong).toEqual([])
  })

  it('the core imports no package', () => {
    const wrong = files.filter(
      (file) => roomOf(file) === 'core' && importsOf(file).some((name) => !name.startsWith('.')),
    )
    expect(wrong).toEqual([])
  })

  it('a package that is imported at run time is a dependency', () => {
    const known = { ...manifest.dependencies, ...manifest.peerDependencies }
    const wrong = files
      .filter((file) => !file.startsWith('tools/demo/'))
      .flatMap((file) =>
        importsOf(file, { types: false })
          .filter((name) => !/^(\.|node:)/.test(name) && !(packageOf(name) in known))
          .map((name) => `${file} imports ${name}`),
      )
    expect(wrong).toEqual([])
  })

  it('no file imports itself by a detour', () => {
    expect(circles()).toEqual([])
  })
})

describe('the doors', () => {
  it('are the entries of package.json and nothing else', () => {
    const entries = Object.entries(manifest.exports).filter(([name]) => name !== './package.json')
    const wanted = [...entries.map(([, path]) => path), ...Object.values(manifest.bin)]
      .map((path) => posix.basename(path).replace(/\.js$/, '.ts'))
      .sort()
    expect(doors).toEqual(wanted)
    for (const [name, path] of entries) {
      expect(path).toBe(`./dist/${name === '.' ? 'index' : name.slice(2)}.js`)
    }
  })

  const libraries = doors.filter((door) => door !== 'bin.ts')

  it.each(libraries)('%s only passes on what a room made', (door) => {
    const rest = (code.get(door) as string).replaceAll(EXPORT_FROM, '').trim()
    expect(rest).toBe('')
  })

  it.each(libraries)('%s shows what is written down here', (door) => {
    const names = exportsOf(door).map(({ shown }) => shown)
    expect(names.sort()).toEqual([...(API[door] ?? [])].sort())
  })

  it.each(libraries)('%s shows nothing without a doc comment', (door) => {
    const bare = exportsOf(door)
      .filter(({ from, name }) => !isDocumented(from, name))
      .map(({ from, name }) => `${name} in ${from}`)
    expect(bare).toEqual([])
  })

  it('the command is a few lines', () => {
    expect(doors).toContain('bin.ts')
    expect(linesOf('bin.ts')).toBeLessThanOrEqual(12)
  })
})

describe('every source file', () => {
  it(`has at most ${MAX_LINES} lines`, () => {
    const long = files.filter((file) => linesOf(file) > MAX_LINES)
    expect(long.map((file) => `${file} ${linesOf(file)}`)).toEqual([])
  })

  const never: readonly (readonly [what: string, pattern: RegExp])[] = [
    ['Math.random', /\bMath\.random\b/],
    ['a default export', /\bexport\s+default\b|\bas\s+default\b/],
    ['a star export', /\bexport\s+\*/],
  ]
  it.each(never)('is free of %s', (_, pattern) => {
    expect(files.filter((file) => pattern.test(code.get(file) as string))).toEqual([])
  })

  const neverWritten: readonly (readonly [what: string, pattern: RegExp])[] = [
    ['unfinished business', /\b(TODO|FIXME|XXX|HACK)\b/],
    ['a switched-off check', /@ts-(ignore|expect-error|nocheck)|(ox|es)lint-disable|v8 ignore/],
    ['a path of somebody’s machine', /(?<![\w.])\/(home|Users|work|root)\/\w/],
  ]
  it.each(neverWritten)('is free of %s, in comments too', (_, pattern) => {
    expect(files.filter((file) => pattern.test(text.get(file) as string))).toEqual([])
  })

  it('is named in small letters with dashes, and never utils', () => {
    const odd = files.filter((file) => !/^([a-z0-9-]+\/)*[a-z0-9-]+\.tsx?$/.test(file))
    expect(odd).toEqual([])
    expect(files.filter((file) => /\b(utils?|helpers?|common|misc)\.ts$/.test(file))).toEqual([])
  })
})

describe('this test', () => {
  it('reads every form of import', () => {
    const sample = [
      `import a from './a.ts'`,
      `import { b,\n  type C } from "./b.ts"`,
      `import type { D } from './d.ts'`,
      `import './e.ts'`,
      `export { f } from './f.ts'`,
      `const g = await import('./g.ts')`,
      `// import h from './h.ts'`,
      `/* import i from './i.ts' */`,
      `let j: import('./j.ts').J`,
    ].join('\n')
    expect(specifiersIn(withoutComments(sample))).toEqual(
      ['a', 'b', 'd', 'e', 'f', 'g', 'j'].map((name) => `./${name}.ts`),
    )
    expect(withoutComments(`const url = 'http://x' // y`)).toBe(`const url = 'http://x' `)
  })

  it('sees the whole house', () => {
    expect(files.length).toBeGreaterThan(20)
    expect(existsSync(join(ROOT, 'src', 'core', 'store.ts'))).toBe(true)
  })
})

// ---- reading the source

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}

interface Exported {
  /** As the door shows it. */
  readonly shown: string
  /** As the room calls it. */
  readonly name: string
  /** The file it is declared in. */
  readonly from: string
}

function linesOf(file: string): number {
  return (text.get(file) ?? '').trimEnd().split('\n').length
}

/** The room a file belongs to: its top folder, with the file store as a room of its own. */
function roomOf(file: string): string {
  if (!file.includes('/')) return 'doors'
  if (file.startsWith('stores/file/')) return 'stores/file'
  return file.slice(0, file.indexOf('/'))
}

function mayImport(from: string, to: string): boolean {
  if (from === 'doors') return to !== 'doors'
  return from === to || (MAY_IMPORT[from] ?? []).includes(to)
}

/** Takes comments out; strings and regular expressions that look like one stay. */
function withoutComments(source: string): string {
  const token =
    /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|(?<=(?:[(,=:[!&|?{};]|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*|\/\*[^]*?\*\/|\/\/[^\n]*/g
  return source.replace(token, (match) => (/^\/[*/]/.test(match) ? '' : match))
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`. */
const SPECIFIER =
  /^\s*(?:import|export)\s[^'"();]*?\bfrom\s*(['"])([^'"\n]+)\1|^\s*import\s*(['"])([^'"\n]+)\3|\bimport\s*\(\s*(['"])([^'"\n]+)\5/gm

function specifiersIn(source: string): string[] {
  return [...source.matchAll(SPECIFIER)].map(
    ([, , from, , bare, , called]) => (from ?? bare ?? called) as string,
  )
}

function importsOf(file: string, { types }: { types: boolean } = { types: true }): string[] {
  const source = code.get(file) as string
  return specifiersIn(types ? source : withoutTypeImports(source))
}

/** Takes out what is gone at run time: `import type`, and types named inside a type. */
function withoutTypeImports(source: string): string {
  return source
    .replaceAll(/\b(?:import|export)\s+type\s[^;'"]*?\bfrom\s*(['"])[^'"\n]+\1/g, '')
    .replaceAll(/(?<!await\s|\(\s*|=>\s*|return\s)\bimport\(\s*(['"])[^'"\n]+\1\s*\)/g, '')
}

/** What a file imports from this house, as paths under src. */
function localImportsOf(file: string): string[] {
  return importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.join(posix.dirname(file), name))
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Every way from a file back to itself, types included. */
function circles(): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file)
    if (at !== -1) found.push([...trail.slice(at), file].join(' -> '))
    if (at !== -1 || done.has(file)) return
    for (const next of localImportsOf(file)) if (text.has(next)) visit(next, [...trail, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  return found
}

const EXPORT_FROM = /\bexport\s+(type\s+)?\{([^}]*)\}\s*from\s*(['"])([^'"\n]+)\3;?/g

function exportsOf(door: string): Exported[] {
  return [...(code.get(door) ?? '').matchAll(EXPORT_FROM)].flatMap(([, , list, , from]) =>
    (list as string)
      .split(',')
      .map((part) => part.trim().replace(/^type\s+/, ''))
      .filter((part) => part !== '')
      .map((part) => {
        const [name, shown = name] = part.split(/\s+as\s+/) as [string, string?]
        return { shown, name, from: posix.join(posix.dirname(door), from as string) }
      }),
  )
}

/** Whether the declaration of a name has a doc comment directly above it. */
function isDocumented(file: string, name: string): boolean {
  const declaration = new RegExp(
    `^export\\s+(?:declare\\s+)?(?:abstract\\s+)?(?:async\\s+)?(?:function\\*?|class|interface|type|const)\\s+${name}\\b`,
    'm',
  )
  const source = text.get(file)
  const at = source === undefined ? -1 : source.search(declaration)
  if (source === undefined || at === -1) {
    const passedOn = exportsOf(file).find(({ shown }) => shown === name)
    return passedOn !== undefined && isDocumented(passedOn.from, passedOn.name)
  }
  return /\/\*\*(?:(?!\*\/)[^])*\*\/\s*$/.test(source.slice(0, at))
}
