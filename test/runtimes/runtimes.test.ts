import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine, jsonStore } from '../../src/index.ts'
import { argumentsFor, hardened, runtimes, type Runtime } from './installed.ts'
import { makeProject } from './project.ts'

/** The package as it is built, on every runtime that it is promised for. */

const VERBS = { found: { user: 'ada', cart: ['pen'] }, after: [null, 0], left: 0 }

/** What program.mjs must answer, everywhere. */
const EXPECTED = {
  'the six verbs on JSON files': VERBS,
  'the six verbs on YAML files': VERBS,
  'the six verbs with a power cut in mind': VERBS,
  'two requests at once are merged': { one: 1, two: 2 },
  'update counts exactly': { n: 40 },
  'an edited file is believed': { role: 'admin' },
  'files are private, links are not followed, garbage is set aside': {
    modes: ['700', '600'],
    found: [null, null],
    gone: [true, true],
    reasons: 2,
  },
  'watch tells what others do': [
    ['written', true],
    ['deleted', true],
  ],
  'expired sessions are reaped': [1, 1],
  'a log-out stays a log-out': [['VitrineError DESTROYED'], 0],
  'a sealed cookie carries the session': [{ user: 'ada' }, {}],
  'a signed cookie over HTTP': {
    attributes: ['Max-Age=7200', 'Path=/', 'HttpOnly', 'SameSite=Lax'],
    others: 1,
    status: 200,
    body: '{"n":2}',
    stranger: '{"n":1}',
    failed: [500, []],
  },
  'Express logs in and out': {
    login: [303, true],
    account: '{"name":"ada"}',
    failed: [500, []],
    logout: ['303 id=', 'null'],
  },
}

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'vitrine-runtimes-')))

beforeAll(() => {
  makeProject(directory, ['yaml', 'express'])
  for (const name of ['program.mjs', 'serve.mjs', 'count.mjs']) {
    cpSync(join(import.meta.dirname, name), join(directory, name))
  }
}, 60_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Runs a program to its end; one that hangs fails. Where a runtime knows rights, count.mjs has no more than it needs. */
async function run(runtime: Runtime, name: string, ...args: string[]): Promise<string> {
  const rights = name === 'count.mjs' ? argumentsFor(runtime, directory) : argumentsFor(runtime)
  const script = [...rights, join(directory, name)]
  const { PATH, HOME } = process.env
  const { stdout } = await promisify(execFile)(runtime.program ?? '', [...script, ...args], {
    cwd: directory,
    env: {
      PATH,
      HOME,
      NO_COLOR: '1',
      DENO_DIR: join(directory, 'deno'),
      DENO_NO_UPDATE_CHECK: '1',
    },
    timeout: 25_000,
  })
  return stdout
}

const missing = runtimes().filter(({ program }) => program === null)
if (missing.length > 0) {
  const names = missing.map(({ name }) => name).join(', ')
  console.warn(`Skipping ${names}: not installed, run node scripts/runtimes.mjs`)
}

describe.each([...runtimes(), ...hardened()])('on $name ($version)', (runtime) => {
  let answers: Readonly<Record<string, unknown>>

  beforeAll(async () => {
    if (runtime.program === null) return
    const base = mkdtempSync(join(directory, 'run-'))
    answers = JSON.parse(await run(runtime, 'program.mjs', base)) as Record<string, unknown>
  })

  const { without = 'nothing' } = runtime
  const promised = Object.entries(EXPECTED).filter(([name]) => !name.startsWith(without))

  it.skipIf(runtime.program === null).each(promised)('%s', (name, expected) => {
    expect(answers[name]).toEqual(expected)
  })

  it.skipIf(runtime.program === null)('does nothing else than what is expected', () => {
    expect(Object.keys(answers).sort()).toEqual(Object.keys(EXPECTED).sort())
  })
})

describe('side by side', () => {
  const installed = runtimes().filter(({ program }) => program !== null)
  const TIMES = 30

  it(`${installed.map(({ name }) => name).join(', ')} count exactly in one session`, async () => {
    const dir = join(directory, 'shared')
    mkdirSync(dir, { mode: 0o700 })
    const engine = createEngine({ store: jsonStore(dir) })
    const { id } = await engine.create({ n: 0 })
    await Promise.all(installed.map((runtime) => run(runtime, 'count.mjs', dir, id, String(TIMES))))
    const session = await engine.retrieve(id)
    expect(session?.data).toEqual({ n: installed.length * TIMES })
  })
})
