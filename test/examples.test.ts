import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROOT, tsc } from './package/pack.ts'
import { freePort, listening, start, type Program } from './readme/process.ts'
import { makeProject } from './runtimes/project.ts'

/** Every example as a user would run it: type-checked and started in a project that has installed the package. */

const MAX_LINES = 40

const examples = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.ts'))
const project = mkdtempSync(join(tmpdir(), 'vitrine-examples-'))
let problems: string

beforeAll(async () => {
  makeProject(project, ['express', 'zod', '@types'])
  for (const name of examples) {
    cpSync(join(ROOT, 'examples', name), join(project, name))
  }
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    rootDir: '.',
    outDir: 'run',
  }
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: examples }),
  )
  problems = (await tsc(project, '-p', 'tsconfig.json', '--pretty', 'false')).stdout
}, 60_000)
afterAll(() => rmSync(project, { recursive: true, force: true, maxRetries: 5 }))

it.each(examples)('examples/%s is short, and says first what it does', (name) => {
  const lines = readFileSync(join(ROOT, 'examples', name), 'utf8')
    .trimEnd()
    .split('\n')
  expect(lines.length).toBeLessThanOrEqual(MAX_LINES)
  expect(lines[0]).toMatch(/^\/\/ [A-Z].*\.$/)
})

it('their types are right for the package as it is built', () => {
  expect(problems).toBe('')
})

/** What a browser sees; it keeps cookies, and stays where it is sent away from. */
type Ask = (method: 'GET' | 'POST', path: string, body?: string | URLSearchParams) => Promise<Seen>

interface Seen {
  readonly status: number
  readonly text: string
  /** The ticket that the browser has afterwards. */
  readonly ticket: string | undefined
}

function browser(port: number): Ask {
  const jar = new Map<string, string>()
  return async (method, path, body) => {
    const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(`http://localhost:${port}${path}`, {
      method,
      headers: { connection: 'close', ...(cookie !== '' && { cookie }) },
      redirect: 'manual',
      ...(body !== undefined && { body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    return { status: response.status, text: await response.text(), ticket: jar.get('id') }
  }
}

/** What each example must do. */
const CHECKS: Readonly<
  Record<
    string,
    (ask: Ask, at: { readonly port: number; readonly out: Program['out'] }) => Promise<void>
  >
> = {
  'node-http.ts': async (ask, { port }) => {
    expect(await ask('GET', '/')).toMatchObject({ text: 'Visit 1\n' })
    await Promise.all(Array.from({ length: 8 }, () => ask('GET', '/')))
    expect(await ask('GET', '/')).toMatchObject({ text: 'Visit 10\n' })
    expect(await browser(port)('GET', '/')).toMatchObject({ text: 'Visit 1\n' })
  },

  'express.ts': async (ask) => {
    const nobody = { user: null, notice: null }
    const look = async () => JSON.parse((await ask('GET', '/')).text) as unknown
    const form = () => new URLSearchParams({ name: 'ada' })
    expect(await look()).toEqual(nobody)
    const first = await ask('POST', '/login', form())
    expect(first.status).toBe(303)
    expect(await look()).toEqual({ user: 'ada', notice: 'Welcome' })
    expect(await look()).toEqual({ user: 'ada', notice: null })
    const second = await ask('POST', '/login', form())
    expect(second.ticket).not.toBe(first.ticket)
    const out = await ask('POST', '/logout')
    expect(out).toMatchObject({ status: 303, ticket: undefined })
    expect(await look()).toEqual(nobody)
  },

  'web.ts': async (ask) => {
    expect(await ask('GET', '/')).toMatchObject({ text: '[]', ticket: undefined })
    expect(await ask('POST', '/', 'feed the cat')).toMatchObject({ status: 303 })
    await Promise.all(['a', 'b', 'c'].map((entry) => ask('POST', '/', entry)))
    const list = JSON.parse((await ask('GET', '/')).text) as string[]
    expect(list[0]).toBe('feed the cat')
    expect(list.slice(1).sort()).toEqual(['a', 'b', 'c'])
  },

  'events.ts': async (ask, { out }) => {
    const { ticket = '' } = await ask('POST', '/login')
    await ask('POST', '/logout')
    const said = () => out.stdout.split('\n').filter((line) => line !== '')
    await expect.poll(() => said().length).toBe(2)
    const events = said().map((line) => JSON.parse(line) as { type: string; session: string })
    expect(events.map(({ type }) => type)).toEqual(['created', 'destroyed'])
    expect(events.map(({ session }) => session)).toEqual(
      [ticket, ticket].map((id) => id.slice(0, 8)),
    )
    expect(out.all).not.toContain(ticket)
    expect(out.all).not.toContain('ada')
  },
}

it.each(examples)('examples/%s does what it says', async (name) => {
  const check = CHECKS[name]
  if (!check) throw new Error(`CHECKS does not say what ${name} must do`)
  const directory = mkdtempSync(join(project, 'run', 'in-'))
  const script = name.replace(/ts$/, 'js')
  const port = await freePort()
  const code = readFileSync(join(project, 'run', script), 'utf8')
  writeFileSync(join(directory, script), code.replaceAll(/\b3000\b/g, String(port)))
  const program = start(directory, process.execPath, [script])
  try {
    await listening(program, port)
    await check(browser(port), { port, out: program.out })
  } finally {
    program.process.kill('SIGKILL')
    await program.ended
  }
})
