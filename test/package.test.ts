import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { install, link, MANIFEST, must, pack, ROOT, run, tsc, type Packed } from './package/pack.ts'

/** The package as a user gets it: packed, installed in an empty project, used in every way a project can. */

/** Entries whose types speak of a framework: the user has its types. */
const FRAMEWORKS: Readonly<Record<string, readonly string[]>> = {
  'vitrine/express': ['@types/express'],
  'vitrine/fastify': ['fastify'],
  'vitrine/koa': ['@types/koa'],
  'vitrine/hono': ['hono'],
}

const entries = Object.keys(MANIFEST.exports)
  .filter((name) => name !== './package.json')
  .map((name) => `vitrine${name.slice(1)}`)

const STRICT = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
}

const directory = mkdtempSync(join(tmpdir(), 'vitrine-package-'))
const project = join(directory, 'project')
let packed: Packed

beforeAll(async () => {
  packed = await pack(directory)
  await install(project, packed.tarball)
}, 60_000)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

function write(name: string, ...lines: string[]): string {
  writeFileSync(join(project, name), lines.join('\n') + '\n')
  return name
}

async function check(options: object, files: readonly string[]): Promise<string> {
  write('tsconfig.json', JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files }))
  return (await tsc(project, '-p', 'tsconfig.json')).stdout
}

describe('the tarball', () => {
  it('keeps within its bounds of weight', async () => {
    const { checkout, tarball } = packed
    const weighed = await run(ROOT, process.execPath, ['scripts/size.mjs', checkout, tarball])
    expect(weighed).toMatchObject({ code: 0, stdout: expect.stringContaining('tarball') })
  })

  it('holds what is used and read, and nothing else', () => {
    const odd = packed.files
      .map(({ path }) => path)
      .filter((path) => !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path))
      .filter((path) => !/^dist\/.+\.(js|d\.ts)$/.test(path))
    expect(odd).toEqual([])
    const paths = packed.files.map(({ path }) => path)
    expect(paths.filter((path) => /\.test\.|\/demo\//.test(path))).toEqual([])
    expect(paths).toContain('README.md')
    expect(paths).toContain('LICENSE')
  })

  it('has an executable command', () => {
    expect(packed.files.find(({ path }) => path === 'dist/bin.js')?.mode).toBe(0o755)
  })
})

describe('an installed package', () => {
  const use = [
    "const engine = createEngine({ store: jsonStore('sessions') })",
    "const session = await engine.create({ user: 'ada' })",
    'const again = await engine.retrieve(await engine.flush(session))',
    'await engine.destroy(session)',
    'await engine[Symbol.asyncDispose]()',
    'console.log(again?.data.user)',
  ]

  it('works from an ES module', async () => {
    const file = write('use.mjs', "import { createEngine, jsonStore } from 'vitrine'", ...use)
    expect(await must(project, process.execPath, [file])).toBe('ada\n')
  })

  it('works from require()', async () => {
    const file = write(
      'use.cjs',
      "const { createEngine, jsonStore } = require('vitrine')",
      ...['async function main() {', ...use, '}', 'main()'],
    )
    expect(await must(project, process.execPath, [file])).toBe('ada\n')
  })

  it('opens every entry from an ES module', async () => {
    const file = write(
      'open.mjs',
      ...entries.map((entry, index) => `import * as door${index} from '${entry}'`),
      ...entries.map((_, index) => `console.log(Object.keys(door${index}).length > 0)`),
    )
    expect(await must(project, process.execPath, [file])).toBe(entries.map(() => 'true\n').join(''))
  })

  it('opens every entry from require()', async () => {
    const file = write(
      'open.cjs',
      ...entries.map((entry) => `console.log(Object.keys(require('${entry}')).length > 0)`),
    )
    expect(await must(project, process.execPath, [file])).toBe(entries.map(() => 'true\n').join(''))
  })

  it('keeps its inside to itself', async () => {
    const file = write(
      'inside.mjs',
      "import('vitrine/dist/core/engine.js').catch(({ code }) => console.log(code))",
    )
    expect(await must(project, process.execPath, [file])).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n')
  })

  it('brings its command', async () => {
    const command = join(project, 'node_modules', '.bin', 'vitrine')
    expect(await must(project, command, ['--help'])).toContain('vitrine')
    expect(await must(project, command, ['--version'])).toBe(`${MANIFEST.version}\n`)
  })
})

describe('its types', () => {
  beforeAll(() => {
    for (const name of ['@types/node', ...Object.values(FRAMEWORKS).flat()]) link(project, name)
  })

  const doors = (names: readonly string[]): string[] =>
    names.map((entry, index) => `export * as door${index} from '${entry}'`)

  it('pass a strict check, declarations included', async () => {
    const file = write('doors.mts', ...doors(entries.filter((entry) => !(entry in FRAMEWORKS))))
    expect(await check({}, [file])).toBe('')
  })

  it('pass a strict check beside the types of their frameworks', async () => {
    const file = write('frameworks.mts', ...doors(entries))
    expect(await check({ skipLibCheck: true }, [file])).toBe('')
  })

  it('say what a session holds', async () => {
    const file = write(
      'typed.mts',
      "import { createEngine, type Session } from 'vitrine'",
      'const engine = createEngine()',
      'const session: Session = await engine.create()',
      'const user: unknown = session.data.user',
      '// @ts-expect-error an unknown is not a number',
      'const views: number = session.data.views',
      '// @ts-expect-error no such option',
      "createEngine({ idel: '2h' })",
      'export { user, views }',
    )
    expect(await check({}, [file])).toBe('')
  })

  it('serve a CommonJS file and a bundler as well', async () => {
    const cts = write(
      'door.cts',
      "import vitrine = require('vitrine')",
      'void vitrine.createEngine',
    )
    expect(await check({}, [cts])).toBe('')
    const file = write('bundled.ts', "import { jsonStore } from 'vitrine'", 'void jsonStore')
    expect(await check({ module: 'esnext', moduleResolution: 'bundler' }, [file])).toBe('')
  })
})
