import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compiled } from './compiled.ts'

/** An app that has the package and what it depends on, but did not install the optional `yaml`. */
describe('without the package yaml', () => {
  let app: string

  beforeAll(() => {
    app = mkdtempSync(join(tmpdir(), 'vitrine-no-yaml-'))
    cpSync(dirname(compiled()), join(app, 'vitrine'), { recursive: true })
    writeFileSync(join(app, 'package.json'), '{"type":"module"}')
    writeFileSync(join(app, 'config.yml'), 'session: JSON\n')
    mkdirSync(join(app, 'node_modules'))
    const ours = join(dirname(import.meta.dirname), 'node_modules')
    for (const name of ['cookie', 'jose'])
      symlinkSync(join(ours, name), join(app, 'node_modules', name))
  }, 60_000)

  afterAll(() => rmSync(app, { recursive: true }))

  function run(code: string): unknown {
    const door = JSON.stringify(pathToFileURL(join(app, 'vitrine', 'dist', 'index.js')).href)
    const program = `const vitrine = await import(${door})
      const errorOf = async (work) => { try { await work() } catch ({ name, code, message }) { return { name, code, message } } }
      ${code}`
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: app })
    return JSON.parse(String(out))
  }

  it('a YAML store says what to install', () => {
    const error = run(`
      const engine = vitrine.createEngine({ store: vitrine.yamlStore('sessions') })
      console.log(JSON.stringify(await errorOf(() => engine.init())))`)
    expect(error).toEqual({
      name: 'VitrineError',
      code: 'MISSING_PACKAGE',
      message: 'Cannot open YAML sessions: install it with npm i yaml',
    })
  })

  it('so does a config.yml', () => {
    const error = run(
      `console.log(JSON.stringify(await errorOf(() => vitrine.fromDancer('config.yml'))))`,
    )
    expect(error).toMatchObject({ code: 'MISSING_PACKAGE' })
  })

  it('everything else works', () => {
    const data = run(`
      const engine = vitrine.createEngine(vitrine.fromDancer({ session: 'JSON', session_dir: 'sessions' }))
      const session = await engine.create({ user: 'ada' })
      console.log(JSON.stringify((await engine.retrieve(session.id)).data))`)
    expect(data).toEqual({ user: 'ada' })
  })
})
