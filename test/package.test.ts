import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { install, link, MANIFEST, must, pack, tsc, type Packed } from './package/pack.ts'

/** The package as a user gets it: packed, installed in an empty project, used in every way a project can. */

/** What a download may weigh, in bytes, without the inspector. */
const MAX_SIZE = 60_000

/** Entries whose types speak of a framework: the user has its types. */
const FRAMEWORKS: Readonly<Record<string, readonly string[]>> = {
  'vitrine/express': ['@types/express'],
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
  it(`weighs at most ${MAX_SIZE / 1000} kB`, () => {
    expect(packed.size).toBeLessThanOrEqual(MAX_SIZE)
  })

  it('holds what is used and read, and nothing else', () => {
    const odd = packed.files
      .map(({ path }) => path)
      .filter((path) => !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path))
      .filter((path) => !/^dist\/.+\.(js|d\.ts)(\.map)?$/.test(path))
      .filter((path) => !/^src\/.+\.tsx?$/.test(path))
    expect(odd).toEqual([])
    const paths = packed.files.map(({ path }) => path)
    expect(paths.filter((path) => /\.test\.|\/demo\//.test(path))).toEqual([])
    expect(paths).toContain('README.md')
    expect(paths).toContain('LICENSE')
  })

  it('has every file that a map points to', () => {
    const paths = new Set(packed.files.map(({ path }) => path))
    const lost = [...paths]
      .filter((path) => path.endsWith('.map'))
      .map((path) => path.replace(/^dist/, 'src').replace(/(\.d)?\.[tj]s\.map$/, '.ts'))
      .filter((source) => !paths.has(source))
    expect(lost).toEqual([])
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

  it.each(entries)('%s opens from an ES module and from require()', async (entry) => {
    const count = 'console.log(Object.keys(door).length > 0)'
    const esm = write('open.mjs', `import * as door from '${entry}'`, count)
    const cjs = write('open.cjs', `const door = require('${entry}')`, count)
    expect(await must(project, process.execPath, [esm])).toBe('true\n')
    expect(await must(project, process.execPath, [cjs])).toBe('true\n')
  })

  it('keeps its inside to itself', async () => {
    const file = write(
      'inside.mjs',
      "import('vitrine/dist/core/engine.js').catch(({ code }) => console.log(code))",
    )
    expect(await must(project, process.execPath, [file])).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n')
  })

  it('brings its command', async () => {
    expect(await must(project, 'npx', ['--offline', 'vitrine', '--help'])).toContain('vitrine')
  })
})

describe('its types', () => {
  beforeAll(() => {
    for (const name of ['@types/node', ...Object.values(FRAMEWORKS).flat()]) link(project, name)
  })

  it.each(entries)('%s passes a strict check, its own declarations included', async (entry) => {
    const file = write('door.mts', `import * as door from '${entry}'`, 'void door')
    expect(await check({ skipLibCheck: entry in FRAMEWORKS }, [file])).toBe('')
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
