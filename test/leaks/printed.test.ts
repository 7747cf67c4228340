import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ExpressSessionStore } from '../../src/adapters/express-session.ts'
import { nodeIo, type Io } from '../../src/files.ts'
import {
  cookie,
  createEngine,
  createSessions,
  fromDancer,
  jsonStore,
  memoryStore,
  sealedCookie,
  yamlStore,
  type Options,
  type Sealer,
  type Store,
} from '../../src/index.ts'
import { place } from '../cli/world.ts'
import { frameworks as foreignFrameworks, clientOf } from '../express-session/apps.ts'
import { hostileCookies } from '../fixtures/hostile-cookies.ts'
import { expressServe } from '../http/frameworks/express.ts'
import { connect, express, fastify, hono, koa, node, web } from '../http/frameworks.ts'
import { Browser, latch, raw, type App } from '../http/kit.ts'
import { account } from '../http/matrix/apps.ts'
import { asLogged, ear, leaks } from '../support/overhear.ts'
import { canary } from '../support/vocabulary.ts'
import express5 from 'express'

/**
 * One scenario through every adapter, every engine and every kind of failure, with ids, secrets and values that
 * cannot be mistaken. Everything that comes out but the answer to the visitor is looked through: errors, events,
 * what is printed. The answer itself is exempt where it is the session's own visitor's: the cookie and the data are theirs.
 */

const SECRETS = [canary('secret'), canary('secret')]
for (const secret of SECRETS) ear.vocabulary.add('secret', secret)

function directory(): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-printed-'))
  onTestFinished(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

/** An error as a careless backend makes it would name everything; these name what a system names: the path. */
function brokenIo(): { readonly io: Io; break(code: string): void } {
  let code = ''
  const io: Record<string, unknown> = { ...nodeIo }
  for (const name of ['open', 'rename', 'unlink', 'lstat', 'fstat', 'write'] as const) {
    io[name] = (...args: never[]) => {
      if (code === '') return Reflect.apply(nodeIo[name], nodeIo, args) as unknown
      const facts = { code, errno: -5, syscall: name, path: args[0], dest: args[1] }
      throw Object.assign(new Error(`${code}: ${name} '${String(args[0])}'`), facts)
    }
  }
  return { io: io as unknown as Io, break: (next) => void (code = next) }
}

interface Kept {
  readonly store: Store | Sealer
  break(code: string): void
  readonly dir?: string
}

/** A store in memory, or a sealer, that fails as a network would. */
function breakable<S extends Store | Sealer>(inner: S): Kept {
  let code = ''
  const failing = Object.fromEntries(
    Object.entries(inner as object).map(([name, method]) => [
      name,
      (...args: unknown[]) => {
        if (code !== '' && ['read', 'write', 'touch', 'delete', 'seal'].includes(name)) {
          return Promise.reject(Object.assign(new Error('the backend is gone'), { code }))
        }
        return (method as (...given: unknown[]) => unknown)(...args)
      },
    ]),
  )
  return { store: failing as unknown as S, break: (next) => void (code = next) }
}

function files(open: (options: { dir: string; io: Io }) => Store): Kept {
  const { io, break: fail } = brokenIo()
  const dir = directory()
  return { store: open({ dir, io }), break: fail, dir }
}

const ENGINES: Readonly<Record<string, () => Kept>> = {
  JSON: () => files((options) => jsonStore(options)),
  YAML: () => files((options) => yamlStore(options)),
  memory: () => breakable(memoryStore()),
  cookie: () => breakable(sealedCookie({ secrets: SECRETS })),
}

const FRAMEWORKS = [
  express('Express', expressServe(express5)),
  connect,
  node,
  fastify,
  koa,
  hono,
  web,
]

/** Everything that came of a scenario, to be looked through beside what was overheard. */
class Evidence {
  readonly #texts: string[] = []

  add(what: unknown): void {
    this.#texts.push(asLogged(what), JSON.stringify(what) ?? '')
  }

  async failure(run: () => unknown): Promise<void> {
    try {
      await run()
    } catch (error) {
      for (let one = error; one instanceof Error; one = one.cause) {
        this.add({ text: String(one), stack: one.stack, members: Object.entries(one) })
      }
      this.add(error)
    }
  }

  /** How much there was. */
  get size(): number {
    return this.#texts.length
  }

  leaks(): string[] {
    return this.#texts.flatMap((text) => ear.vocabulary.find(text))
  }
}

const FAILURES = ['EIO', 'ENOSPC', 'EACCES', 'EMFILE']

describe.each(FRAMEWORKS)('$name', ({ serve }) => {
  it.each(Object.entries(ENGINES))('with %s tells nobody what is secret', async (_, open) => {
    const evidence = new Evidence()
    const kept = open()
    const value = canary('value')
    const both = latch()
    let atOnce = 0
    const app: App = async (session, url) => {
      if (url.pathname === '/bad') {
        session.data['list'] = [{ of: value, since: new Date(0) }]
        return {}
      }
      if (url.pathname === '/long') return ((session.data['text'] = value.repeat(30_000)), {})
      if (url.pathname === '/late') {
        setTimeout(() => void evidence.failure(() => (session.data['late'] = value)), 5)
        return {}
      }
      if (url.pathname === '/both') {
        session.data['value'] = canary('value')
        if (++atOnce === 2) both.open()
        await both.opened
        return {}
      }
      if (url.pathname === '/throw') throw new Error('the app’s own')
      return account(session, url)
    }
    const origin = await serve(
      {
        store: kept.store,
        transport: cookie({ secrets: SECRETS }),
        report: (event) => evidence.add(event),
      },
      app,
    )
    const browser = new Browser(origin)
    await browser.get(`/set?value=${value}`)
    const [name = '', ticket = ''] = (await browser.cookies()).split('=')
    ear.vocabulary.add('id', ticket)
    for (const path of ['/bad', '/long', '/throw', '/late', '/', '/login']) {
      const { status, json } = await browser.get(path)
      if (status >= 400) evidence.add(json)
    }
    for (const code of FAILURES) {
      kept.break(code)
      for (const path of [`/set?value=${canary('value')}`, '/login', '/logout', '/']) {
        const { status, json } = await browser.get(path)
        if (status >= 400) evidence.add(json)
      }
      kept.break('')
    }
    await browser.get(`/set?value=${value}`)
    await Promise.all([browser.get('/both'), browser.get('/both')])
    // all of them go through the matrix of test/http, which is overheard like every suite
    const lines = hostileCookies(ticket).filter((each) => /^[\x20-\x7e]*$/.test(each))
    for (const line of lines.filter((_, at) => at % 8 === 0)) {
      await raw(origin, [['cookie', line.replace(/^id=/, `${name}=`)]])
    }
    await browser.get('/logout')
    await raw(origin, [['cookie', `${name}=${ticket}`]])
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(evidence.size).toBeGreaterThan(20)
    expect(evidence.leaks()).toEqual([])
  })
})

describe.each(foreignFrameworks)('$name on a store of ours', ({ start }) => {
  it.each(['JSON', 'YAML', 'memory'])('with %s tells nobody what is secret', async (engine) => {
    const evidence = new Evidence()
    const kept = (ENGINES[engine] as () => Kept)()
    const report = (event: unknown): void => evidence.add(event)
    const store = new ExpressSessionStore(kept.store as Store, { report })
    onTestFinished(() => store[Symbol.asyncDispose]())
    const app = await start(store, {
      set: ({ session }) => void (session['value'] = canary('value')),
      bad: ({ session }) => void (session['bad'] = { of: 1n, text: canary('value') }),
      end: ({ destroy }) => destroy(),
    })
    onTestFinished(() => app.close())
    const client = clientOf(app)
    await client.fetch('/set')
    const sid = decodeURIComponent(client.cookie.split('=')[1] ?? '').replace(/^s:/, '')
    ear.vocabulary.add('id', sid)
    const called = (method: 'get' | 'destroy', ...args: string[]): Promise<void> =>
      evidence.failure(
        () =>
          new Promise<void>((resolve, reject) =>
            store[method](args[0] as string, (error: unknown) =>
              error instanceof Error ? reject(error) : resolve(),
            ),
          ),
      )
    for (const code of FAILURES) {
      kept.break(code)
      for (const what of ['set', 'bad', 'end']) await client.fetch(`/${what}`)
      await called('get', sid.split('.')[0] as string)
      await called('destroy', sid.split('.')[0] as string)
      kept.break('')
    }
    await client.fetch('/set')
    await client.fetch('/end')
    expect(evidence.size).toBeGreaterThan(4)
    expect(evidence.leaks()).toEqual([])
  })
})

it.each([
  ['JSON', () => ({ layout: 'dancer' as const }), jsonStore, '.json'],
  ['YAML', () => ({ layout: 'dancer' as const }), yamlStore, '.yml'],
] as const)('Dancer’s %s files tell nobody what is secret', async (_, layout, open, extension) => {
  const evidence = new Evidence()
  const { io, break: fail } = brokenIo()
  const dir = directory()
  const settings = { session: extension === '.yml' ? 'YAML' : 'JSON', session_dir: dir } as const
  const { createId } = fromDancer(settings) as Required<Pick<Options, 'createId'>>
  const engine = createEngine({
    store: open({ dir, io, ...layout() }),
    createId,
    report: (event) => evidence.add(event),
  })
  const session = await engine.create({ value: canary('value') })
  for (const code of FAILURES) {
    fail(code)
    for (const run of [
      () => engine.retrieve(session.id),
      () => ((session.data['more'] = canary('value')), engine.flush(session)),
      () => engine.destroy(session),
      () => engine.reset(),
      () => engine.create({ value: canary('value') }),
    ]) {
      await evidence.failure(run)
    }
    fail('')
  }
  const file = path.join(dir, `${session.id}${extension}`)
  for (const content of ['', '{', `--- !!perl/hash:${canary('value')}\n`, canary('value')]) {
    fs.writeFileSync(file, content)
    await evidence.failure(() => engine.retrieve(session.id))
  }
  expect(evidence.size).toBeGreaterThan(20)
  expect(evidence.leaks()).toEqual([])
})

it('secrets, options and schemas that are refused are not quoted', async () => {
  const evidence = new Evidence()
  const secret = canary('secret')
  ear.vocabulary.add('secret', secret)
  const short = secret.slice(0, 24)
  for (const run of [
    () => cookie({ secrets: [short] }),
    () => sealedCookie({ secrets: [secret, short] }),
    () => cookie({ secrets: secret as never }),
    () => cookie({ name: `${secret}\n` }),
    () => createSessions({ store: sealedCookie({ secrets: [short] }) }),
  ]) {
    await evidence.failure(run)
  }
  expect(evidence.size).toBeGreaterThan(8)
  expect(evidence.leaks()).toEqual([])
})

it('the program shows ids and values where a person asked for them, and nowhere else', async () => {
  const here = await place()
  const unreadable = 'b'.repeat(32)
  const [value, password] = [canary('value'), canary('value')]
  const id = await here.add({ user: 'ada', note: value, password })
  fs.writeFileSync(here.fileOf(unreadable), `{"id": "${value}`)
  ear.vocabulary.add('id', id)
  ear.vocabulary.add('value', password)
  const hidden = new Evidence()
  const shown = new Evidence()
  // what a person asked for: the list, a session, its values. Data goes to standard output, and nothing else does
  const asked = [['ls'], ['ls', '--json'], ['show', id], ['show', '@last', '--json'], ['where']]
  for (const argv of asked) {
    const { out, err } = await here.run(argv)
    // whoever asks what is there is told which file to set right, by its name; and nothing of what is in it
    hidden.add(err.replace(unreadable, 'a file'))
    shown.add(out)
    expect(out, argv.join(' ')).not.toContain(password)
  }
  const revealed = await here.run(['show', id, '--reveal'])
  expect(revealed.out).toContain(password)
  hidden.add(revealed.err)
  // what failed: the words about it
  for (const argv of [
    ['show', id, 'no.such.path'],
    ['show', 'nobody'],
    ['set', id, 'note', '{', '--json'],
    ['reap', '--frobnicate'],
    ['rm', id],
    ['ls', '--store', `file:${here.cwd}/nowhere`],
  ]) {
    const { out, err } = await here.run(argv)
    hidden.add(err)
    hidden.add(out)
  }
  const { vocabulary } = ear
  vocabulary.add('value', value)
  expect(shown.leaks().length).toBeGreaterThan(0)
  expect(hidden.leaks()).toEqual([])
})

it('none of it was for want of something to find, or of something to look through', () => {
  expect(leaks(ear)).toEqual([])
  expect(ear.vocabulary.counts.id).toBeGreaterThan(50)
  expect(ear.vocabulary.counts.secret).toBeGreaterThan(2)
  expect(ear.vocabulary.counts.value).toBeGreaterThan(100)
  expect(ear.counts['an error']).toBeGreaterThan(100)
  expect(ear.counts['an event']).toBeGreaterThan(100)
})
