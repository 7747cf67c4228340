import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeIo, type Io } from '../../src/files.ts'
import {
  cookie,
  createEngine,
  createSessions,
  jsonStore,
  memoryStore,
  sealedCookie,
  type Engine,
  type Options,
  type SessionEvent,
  type StandardSchema,
} from '../../src/index.ts'
import { compiled } from '../compiled.ts'
import { DIALECTS, ID, NOW } from './dialects.ts'
import { wrongMembers } from './file-members.ts'
import { hostileTexts } from './file-texts.ts'
import { HOSTILE_TEXTS } from './hostile-ids.ts'
import { hastyIo, newWorld, type World } from './world.ts'

const SECRET = 'hG3kPw9sLz6xVb2nMq8jRd5fTy1aCe7o'
const VALUE = 'what-nobody-else-may-read'

/** Names that move a cursor, begin a line, open a link or turn text around where they are printed as they are. */
const KEYS = [
  ...[
    '\n2026-11-22 ERROR forged',
    '\r',
    '\r\n\r\n',
    '\u001b[2J',
    '\u001b]0;title\u0007',
    '\u001b]8;;http://x\u0007',
  ],
  ...[
    '\u009b2J',
    '\u009d0;x\u009c',
    '\u0085',
    '\u2028',
    '\u2029',
    '\u202egnp',
    '\u2066',
    '\u200e',
    '\u061c',
  ],
  ...[
    '\0',
    '\u0008\u0008',
    '\u007f',
    '\ufeff',
    '\ud800',
    '<script>',
    `\${jndi:ldap://x}`,
    '%s%n',
    '"],"b":["',
  ],
]

/** What may not stand in a text that goes into a log, if it is to stay one line. */
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u

const shown = (value: unknown) => inspect(value, { depth: 9, breakLength: Infinity, compact: true })

let world: World
let events: SessionEvent[]
beforeEach(() => {
  world = newWorld()
  events = []
})
afterEach(() => world.remove())

function engineWith(options: Options): Engine {
  return createEngine({ report: (event) => events.push(event), ...options })
}

/** Everything that a careless log could write of an error: what it says, where, and why. */
function printed(error: unknown): string {
  const texts: string[] = []
  for (let one = error; one instanceof Error; one = one.cause) {
    texts.push(one.message, String(one), JSON.stringify(one), shown(Object.entries(one)))
  }
  return texts.join(' ')
}

async function failure(run: () => unknown): Promise<Error> {
  try {
    await run()
  } catch (error) {
    return error as Error
  }
  return expect.unreachable('nothing failed')
}

function expectQuiet(text: string, ...secrets: string[]): void {
  for (const secret of [VALUE, SECRET, ...secrets]) expect(text).not.toContain(secret)
  expect(text).not.toMatch(OBEYED)
}

describe('an error', () => {
  it.each([
    ...['open', 'read', 'write', 'close', 'fstat', 'lstat', 'rename', 'unlink', 'mkdir', 'readdir'],
  ] as const)('of the system in %s says neither id nor path nor value', async (method) => {
    let broken = ''
    const io: Io = {
      ...nodeIo,
      [method]: (...args: never[]) => {
        if (broken === '') return Reflect.apply(nodeIo[method], nodeIo, args) as unknown
        const message = `${broken}: refused, ${method} '${args.map(String).join("' -> '")}'`
        const facts = { code: broken, errno: -1, syscall: method, path: args[0], dest: args[1] }
        throw Object.assign(new Error(message), facts)
      },
    }
    for (const code of ['EACCES', 'EIO', 'ENOSPC', 'EROFS', 'EMFILE', 'EODD']) {
      broken = ''
      const engine = engineWith({ store: jsonStore({ dir: world.dir, io }) })
      const session = await engine.create({ user: VALUE })
      broken = code
      for (const run of [
        () => engine.retrieve(session.id),
        () => ((session.data['more'] = VALUE), engine.flush(session)),
        () => engine.destroy(session),
        () => engine.reset(),
        () => engine.create({ user: VALUE }),
      ]) {
        const error = await Promise.resolve()
          .then(run as () => Promise<unknown>)
          .catch((thrown: unknown) => thrown)
        if (!(error instanceof Error)) continue
        expect(error).toMatchObject({ code: 'STORE' })
        expectQuiet(printed(error), session.id, world.dir)
      }
    }
    expectQuiet(shown(events))
  })

  it('about data names where it stands, in inert characters, and no value', async () => {
    const engine = engineWith({ store: memoryStore({ maxBytes: 2000 }) })
    const bad: unknown[] = [
      1n,
      NaN,
      () => VALUE,
      Symbol(VALUE),
      new Date(NaN),
      new Map([[VALUE, 1]]),
    ]
    class Cart {
      note = VALUE
    }
    bad.push(new Cart(), Object.assign(new Cart(), { constructor: { name: `${VALUE}\u001b[2J` } }))
    bad.push(Object.assign(new Cart(), { constructor: Symbol(VALUE) }), 'x'.repeat(3000) + VALUE)
    for (const key of KEYS) {
      for (const value of bad) {
        const error = await failure(() => engine.create({ [key]: { in: [{ [key]: value }] } }))
        expect(['INVALID', 'TOO_LARGE']).toContain((error as Error & { code: string }).code)
        expectQuiet(printed(error))
      }
    }
  })

  it('about secrets, cookies and tickets quotes none of them', async () => {
    const weak = `${VALUE} secret password`
    for (const run of [
      () => sealedCookie({ secrets: [weak] }),
      () => sealedCookie({ secrets: [SECRET, VALUE] }),
      () => cookie({ secrets: [SECRET.slice(0, 20)] }),
      () => cookie({ name: `${VALUE}\r\n` }),
      () => cookie({ path: `${VALUE}\u001b` }),
      () => cookie({ domain: `${VALUE}\u009b` }),
      () => cookie().send(`${VALUE}\n`, 9e15, 1, { headers: new Headers() }),
      () =>
        sealedCookie({ secrets: [SECRET] }).seal(
          { id: ID, data: { text: VALUE.repeat(500) }, createdAt: 1, expiresAt: 2, revision: 1 },
          'id',
        ),
    ]) {
      expectQuiet(printed(await failure(run)), ID, SECRET.slice(0, 20), weak)
    }
  })

  it('of a schema quotes neither its message nor the value', async () => {
    const schema: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          Object.keys(value as object).length === 0
            ? { value: {} }
            : {
                issues: KEYS.map((key) => ({
                  message: `${VALUE} is bad\u001b[2J`,
                  path: [key, { key }],
                })),
              },
      },
    }
    const engine = createEngine({ store: memoryStore(), schema })
    expectQuiet(printed(await failure(() => engine.create({ user: VALUE } as never))))
  })

  it('of a conflict, of a change too late or of a session that has ended says where, not what', async () => {
    const store = memoryStore()
    const options: Options = { store, onConflict: 'error', report: (event) => events.push(event) }
    const sessions = createSessions(options)
    const key = KEYS[3] as string
    const { id } = await sessions.engine.create({ [key]: VALUE })
    const request = { headers: { get: () => `id=${id}` } }
    const [one, two, gone] = await Promise.all([1, 2, 3].map(() => sessions.open(request)))
    one!.data[key] = `${VALUE} 1`
    two!.data[key] = `${VALUE} 2`
    await sessions.commit(one!)
    const errors = [await failure(() => sessions.commit(two!))]
    const late = one!.data
    for (const name of KEYS) {
      errors.push(await failure(() => (late[name] = VALUE)))
      errors.push(await failure(() => one!.flash(name, VALUE)))
    }
    gone!.destroy()
    await sessions.commit(gone!)
    errors.push(await failure(() => gone!.data))
    for (const error of errors) expectQuiet(printed(error), id)
    expect(events.filter(({ type }) => type === 'late').length).toBe(2 * KEYS.length)
    for (const event of events) expectQuiet(`${JSON.stringify(event)} ${shown(event)}`, id)
  })
})

describe('an event', () => {
  it('about a ticket says no more than that there was a bad one', async () => {
    const sealed = { store: sealedCookie({ secrets: [SECRET] }) }
    const signed = { store: memoryStore(), transport: cookie({ secrets: [SECRET] }) }
    for (const options of [sealed, signed, { store: jsonStore(world.dir) }]) {
      const sessions = createSessions({ ...options, report: (event) => events.push(event) })
      for (const text of [...HOSTILE_TEXTS, ...KEYS, VALUE, `${VALUE}.${'A'.repeat(43)}`]) {
        await sessions.open({ headers: { get: () => `id=${text}` } })
      }
    }
    expect(events.length).toBeGreaterThan(100)
    for (const event of events) {
      expect(Object.keys(event).sort()).toEqual(['at', 'reason', 'type'])
      expect(['malformed', 'forged', 'unknown']).toContain((event as { reason: string }).reason)
    }
  })

  it.each(DIALECTS)(
    'about a file in $name holds nothing of it, nor the whole id',
    async (dialect) => {
      const engine = engineWith({
        store: dialect.open({ dir: world.dir, io: hastyIo() }),
        now: () => NOW,
      })
      await engine.init()
      const file = path.join(world.dir, dialect.file)
      for (const { name, content } of [...wrongMembers(dialect), ...hostileTexts(dialect)]) {
        if (content.length > 10_000) continue
        const marked = Buffer.from(
          Buffer.from(content).toString('latin1').replaceAll('ada', VALUE),
          'latin1',
        )
        fs.writeFileSync(file, marked)
        await engine.retrieve(ID)
        expectQuiet(shown(events), ID, name.length > 15 ? name : ID)
        events.length = 0
        fs.rmSync(file, { force: true })
      }
      const reasons = fs
        .readdirSync(path.join(world.dir, '.vitrine', 'quarantine'))
        .filter((name) => name.endsWith('.reason'))
        .map((name) =>
          fs.readFileSync(path.join(world.dir, '.vitrine', 'quarantine', name), 'utf8'),
        )
      expect(reasons.length).toBeGreaterThan(50)
      expectQuiet(reasons.map((reason) => reason.trim()).join(' '), ID)
    },
  )
})

describe('a process', () => {
  it.each(DIALECTS)(
    'that reads every hostile file in $name prints nothing and goes on',
    (dialect) => {
      const cases = hostileTexts(dialect)
      const corpus = path.join(world.parent, 'corpus')
      fs.mkdirSync(corpus)
      for (const [index, { content }] of cases.entries())
        fs.writeFileSync(path.join(corpus, `${index}`), content)
      const script = `
      import fs from 'node:fs'
      const [door, dir, corpus, file, layout] = process.argv.slice(1)
      const { createEngine, jsonStore, yamlStore } = await import(door + 'index.js')
      const { nodeIo } = await import(door + 'files.js')
      let elapsed = 0
      const io = { ...nodeIo, elapsed: () => (elapsed += 10), sleep: async () => {} }
      const open = file.endsWith('.json') ? jsonStore : yamlStore
      const engine = createEngine({ store: open({ dir, layout, io }), now: () => ${NOW} })
      await engine.init()
      let asked = 0
      for (const name of fs.readdirSync(corpus)) {
        fs.copyFileSync(corpus + '/' + name, dir + '/' + file)
        for (let times = 0; times < 2; times++, asked++) await engine.retrieve('${ID}')
      }
      fs.writeFileSync(corpus + '/asked', String(asked))`
      const layout = dialect.name.startsWith('dancer') ? 'dancer' : 'plain'
      const args = ['--input-type=module', '--eval', script, `${pathToFileURL(compiled()).href}/`]
      const { status, signal, stdout, stderr } = spawnSync(
        process.execPath,
        [...args, world.dir, corpus, dialect.file, layout],
        { encoding: 'utf8', timeout: 120_000 },
      )
      expect({ status, signal, stdout, stderr }).toEqual({
        status: 0,
        signal: null,
        stdout: '',
        stderr: '',
      })
      expect(Number(fs.readFileSync(path.join(corpus, 'asked'), 'utf8'))).toBe(cases.length * 2)
    },
    130_000,
  )
})
