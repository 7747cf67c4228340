import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ExpressSessionStore,
  fromExpressSession,
  type ForeignStore,
} from '../../src/express-session.ts'
import { nodeIo, type Io } from '../../src/files.ts'
import {
  cookie,
  createEngine,
  createSessions,
  isId,
  jsonStore,
  memoryStore,
  sealedCookie,
  yamlStore,
  type SessionRecord,
  type Store,
} from '../../src/index.ts'
import { signer } from '../../src/transports/sign.ts'
import { GOOD, HOSTILE_TEXTS, hostileValues, NOT_PLAIN } from './hostile-ids.ts'
import { newWorld, prototypes, recordingIo, snapshot, type World } from './world.ts'

const SECRETS = ['hG3kPw9sLz6xVb2nMq8jRd5fTy1aCe7o']
const NOW = Date.now()
const RECORD: SessionRecord = {
  data: { user: 'ada' },
  createdAt: NOW,
  expiresAt: NOW + 3_600_000,
  revision: 1,
}

let world: World
beforeEach(() => {
  world = newWorld()
})
afterEach(() => world.remove())

/** Letters and the like: Dancer's YAML engine has none of them. */
const NOT_DIGITS = [...NOT_PLAIN.filter((id) => id !== '1'), 'mfzxg3dpo5xgk4tfmrqw2zlomvzwk4tf']

const texts = (extra: readonly string[] = []): unknown[] => [...HOSTILE_TEXTS, ...extra]

interface Kind {
  readonly name: string
  /** Everything that the store asked of what is below it goes into `calls`. */
  readonly make: (calls: string[]) => Store
  /** Ids that this store does not take and others do. */
  readonly extra: readonly string[]
}

const fileKind = (
  name: string,
  open: (options: { dir: string; io: Io }) => Store,
  extra: readonly string[],
): Kind => ({
  name,
  extra,
  make: (calls) => open({ dir: world.dir, io: recordingIo(calls) }),
})

const KINDS: readonly Kind[] = [
  fileKind('JSON files', (options) => jsonStore(options), NOT_PLAIN),
  fileKind('JSON files of Dancer', (options) => jsonStore({ ...options, layout: 'dancer' }), []),
  fileKind('YAML files', (options) => yamlStore(options), NOT_PLAIN),
  fileKind(
    'YAML files of Dancer',
    (options) => yamlStore({ ...options, layout: 'dancer' }),
    NOT_DIGITS,
  ),
  {
    name: 'a store for express-session',
    extra: NOT_PLAIN,
    make: (calls) => fromExpressSession(foreignStore(calls)),
  },
]

function foreignStore(calls: string[]): ForeignStore {
  const kept = new Map<string, unknown>()
  const answer = (id: string, done: (error?: unknown, value?: unknown) => void) => {
    calls.push(id)
    done(null, kept.get(id))
  }
  return {
    get: answer,
    set: (id, session, done) => (kept.set(id, session), answer(id, done)),
    destroy: (id, done) => (kept.delete(id), answer(id, done)),
  }
}

/** Every method that takes an id, with what it must answer for what is none. */
async function tryAll(store: Store, value: unknown): Promise<void> {
  const id = value as string
  expect(await store.read(id)).toBeNull()
  expect(await store.write(id, RECORD, null)).toBeNull()
  expect(await store.write(id, RECORD, 'a version')).toBeNull()
  expect((await store.touch?.(id, NOW + 1, 'a version')) ?? null).toBeNull()
  expect(await store.delete(id)).toBeUndefined()
  const end = await store.turn?.(id)
  end?.()
  expect(store.accepts?.(id) ?? false).toBe(false)
}

it('are more than 300', () => {
  expect(HOSTILE_TEXTS.length + hostileValues().length).toBeGreaterThan(300)
})

describe.each(KINDS)('what is no id, in $name', ({ make, extra }) => {
  it('never reaches what is below, by any method', async () => {
    const calls: string[] = []
    const store = make(calls)
    await store.init?.(() => {})
    const version = await store.write(GOOD, RECORD, null)
    expect(version).toBeTypeOf('string')
    const [before, inside] = [world.outside(), fs.existsSync(world.dir) && snapshot(world.dir)]
    calls.length = 0
    for (const id of [...texts(extra), ...hostileValues()]) await tryAll(store, id)
    expect(calls).toEqual([])
    expect(world.outside()).toEqual(before)
    expect(fs.existsSync(world.dir) && snapshot(world.dir)).toEqual(inside)
    expect((await store.read(GOOD))?.record.data).toEqual({ user: 'ada' })
  })

  it('never reaches what is below, whatever is made up', async () => {
    const calls: string[] = []
    const store = make(calls)
    await store.init?.(() => {})
    calls.length = 0
    const unit = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 1 }),
      fc.constantFrom('/', '.', '\\', '\0'),
    )
    const broken = fc
      .tuple(fc.integer({ min: 0, max: 38 }), unit)
      .map(([at, odd]) => GOOD.slice(0, at) + odd + GOOD.slice(at + 1))
    const value = fc.oneof(fc.anything(), fc.string({ unit: 'binary', maxLength: 300 }), broken)
    await fc.assert(
      fc.asyncProperty(value, async (id) => {
        fc.pre(!mayBeId(id))
        await tryAll(store, id)
        expect(calls).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('of any length from 1 to 5000 is no error', async () => {
    const store = make([])
    for (let length = 1; length <= 5000; length++) {
      if ((await store.read('7'.repeat(length))) !== null) expect.unreachable()
    }
  })

  it('lets good ids do nothing outside their directory', async () => {
    const calls: string[] = []
    const store = make(calls)
    await store.init?.(() => {})
    const version = (await store.write(GOOD, RECORD, null)) as string
    await store.touch?.(GOOD, NOW + 7_200_000, version)
    await store.read(GOOD)
    await store.delete(GOOD)
    await store.reap?.(NOW)
    await store.wipe?.()
    const inside = (name: string) => name === GOOD || `${name}/`.startsWith(`${world.dir}/`)
    expect(calls.length).toBeGreaterThan(3)
    expect(calls.filter((name) => !inside(name))).toEqual([])
  })
})

/** As each grammar may have it, told character by character. */
function mayBeId(id: unknown): boolean {
  if (typeof id !== 'string' || id.length === 0 || id.length > 128) return false
  const fine = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-~'
  return [...id].every((char) => fine.includes(char))
}

describe('what is no id, in the memory store', () => {
  it('finds nothing and leaves nothing', async () => {
    const store = memoryStore()
    await store.write(GOOD, RECORD, null)
    for (const id of [...texts(NOT_PLAIN), ...hostileValues()]) {
      expect(await store.read(id as string)).toBeNull()
      expect(await store.write(id as string, RECORD, null)).toBeNull()
      expect(await store.touch?.(id as string, NOW, '1')).toBeNull()
      await store.delete(id as string)
    }
    const left: string[] = []
    for await (const id of store.ids!()) left.push(id)
    expect(left).toEqual([GOOD])
  })
})

/** A store that takes note of every call that has an id. */
function spied(calls: unknown[], store: Store = memoryStore()): Store {
  return {
    ...store,
    read: (id) => (calls.push(id), store.read(id)),
    write: (id, ...rest) => (calls.push(id), store.write(id, ...rest)),
    touch: (id, ...rest) => (calls.push(id), store.touch!(id, ...rest)),
    delete: (id) => (calls.push(id), store.delete(id)),
  }
}

describe('what is no ticket', () => {
  it('is answered with no session by the engine, which asks no store', async () => {
    const calls: unknown[] = []
    const events: unknown[] = []
    const engine = createEngine({ store: spied(calls), report: (event) => events.push(event) })
    await engine.init()
    for (const ticket of [...texts(NOT_PLAIN), ...hostileValues()]) {
      expect(await engine.retrieve(ticket as string)).toBeNull()
    }
    expect(calls).toEqual([])
    expect(events).toEqual([])
  })

  it('is answered with no session by an engine over files, which touches none', async () => {
    const calls: string[] = []
    const store = jsonStore({ dir: world.dir, io: recordingIo(calls) })
    const engine = createEngine({ store })
    await engine.init()
    const before = world.outside()
    calls.length = 0
    for (const ticket of [...texts(NOT_PLAIN), ...hostileValues()]) {
      expect(await engine.retrieve(ticket as string)).toBeNull()
    }
    expect(calls).toEqual([])
    expect(world.outside()).toEqual(before)
  })

  it('is not unsealed', async () => {
    const sealer = sealedCookie({ secrets: SECRETS })
    const engine = createEngine({ store: sealer })
    for (const ticket of [...texts(NOT_PLAIN), GOOD, ...hostileValues()]) {
      expect(await sealer.unseal(ticket as string, 'id')).toBeNull()
      expect(await engine.retrieve(ticket as string)).toBeNull()
    }
  })

  it('stays none when it is signed with the right secret', async () => {
    const calls: unknown[] = []
    const sessions = createSessions({
      store: spied(calls),
      transport: cookie({ secrets: SECRETS }),
    })
    const { sign } = signer(SECRETS)
    for (const id of [...HOSTILE_TEXTS, ...NOT_PLAIN]) {
      const header = `id=${await sign(id, 'id')}`
      const session = await sessions.open({ headers: { get: () => header } })
      expect(session.isNew).toBe(true)
      expect(session.id).not.toBe(id)
    }
    expect(calls).toEqual([])
  })

  it('is refused signed or not when it comes by any way but the cookie', async () => {
    const store = memoryStore()
    const sessions = createSessions({ store })
    const { id } = await sessions.engine.create({ user: 'ada' })
    const headers = new Headers({
      ...{ authorization: `Bearer ${id}`, 'x-session': id, 'x-h3-session': id, 'session-id': id },
      ...{ 'set-cookie': `id=${id}`, cookie2: `id=${id}`, 'x-cookie': `id=${id}` },
    })
    const url = `http://localhost/;id=${id}?id=${id}&session=${id}#id=${id}`
    const session = await sessions.open({ headers, url, method: 'POST' })
    expect(session.isNew).toBe(true)
    expect(session.data).toEqual({})
    const known = await sessions.open({ headers: new Headers({ cookie: `id=${id}` }) })
    expect(known.data).toEqual({ user: 'ada' })
  })
})

describe('the ids of another library', () => {
  it('reach our store as hashes only, whatever they are', async () => {
    const calls: unknown[] = []
    const theirs = new ExpressSessionStore(spied(calls))
    const ask = (run: (done: (error?: unknown, value?: unknown) => void) => void) =>
      new Promise((resolve) => run((error, value) => resolve(error ?? value ?? null)))
    const session = () => ({ cookie: { originalMaxAge: null }, user: 'ada' })
    for (const id of [...HOSTILE_TEXTS, ...NOT_PLAIN]) {
      expect(await ask((done) => theirs.get(id, done))).toBeNull()
      expect(await ask((done) => theirs.touch(id, session(), done))).toBeNull()
      expect(await ask((done) => theirs.set(id, session(), done))).toBeNull()
      expect(await ask((done) => theirs.destroy(id, done))).toBeNull()
    }
    expect(calls.length).toBeGreaterThan(1000)
    expect(calls.filter((id) => !/^[0-9a-f]{64}$/.test(String(id)))).toEqual([])
    calls.length = 0
    // what is no text is a mistake in the program, and says so before anything is asked
    for (const value of hostileValues().filter((id) => !ArrayBuffer.isView(id))) {
      expect(() => theirs.get(value as string, () => {})).toThrow(TypeError)
      expect(() => theirs.set(value as string, session(), () => {})).toThrow(TypeError)
      expect(() => theirs.touch(value as string, session(), () => {})).toThrow(TypeError)
      expect(() => theirs.destroy(value as string, () => {})).toThrow(TypeError)
    }
    expect(calls).toEqual([])
  })
})

describe('names on other disks', () => {
  const name = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'aAbB01_-~.'), minLength: 1, maxLength: 40 }),
    fc.constantFrom('con', 'CON', 'aux', 'nul', 'a'.repeat(16), `A${'a'.repeat(15)}`, GOOD),
  )

  /** As Windows takes a name: case, dots and blanks at its end do not count, and some words are devices. */
  const onWindows = (file: string) => {
    const folded = file.toLowerCase().replace(/[. ]+$/, '')
    return /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/.test(folded) ? 'a device' : folded
  }

  it.each([
    ['.json', jsonStore()],
    ['.yml', yamlStore()],
    ['.yml', yamlStore({ layout: 'dancer' })],
  ])('never meet in one %s file', (extension, store) => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        const [one, two] = [a, b].map((id) => ((store.accepts?.(id) ?? isId(id)) ? id : null))
        if (one === null || two === null || one === two) return
        expect(onWindows(one + extension)).not.toBe(onWindows(two + extension))
        expect(onWindows(one + extension)).not.toBe('a device')
      }),
      { numRuns: 5000 },
    )
  })

  it('do not lead from one Dancer session to another that differs in case alone', async () => {
    // a disk that folds case: every name in the session directory is one in lower case
    const fold = (file: string) =>
      path.dirname(file) === world.dir
        ? path.join(world.dir, path.basename(file).toLowerCase())
        : file
    const io: Io = {
      ...nodeIo,
      lstat: (file) => nodeIo.lstat(fold(file)),
      open: (file, flags, mode) => nodeIo.open(fold(file), flags, mode),
      rename: (from, to) => nodeIo.rename(fold(from), fold(to)),
    }
    const store = jsonStore({ dir: world.dir, io, layout: 'dancer' })
    await store.write('abcdefghijklmnopqrst', RECORD, null)
    expect(await store.read('ABCDEFGHIJKLMNOPQRST')).toBeNull()
    expect(await store.read('Abcdefghijklmnopqrst')).toBeNull()
  })

  it('are harmless where they mean something in JavaScript', async () => {
    const before = prototypes()
    const store = jsonStore({ dir: world.dir, layout: 'dancer' })
    const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']
    for (const id of names) {
      expect(await store.read(id)).toBeNull()
      const version = await store.write(id, { ...RECORD, data: { name: id } }, null)
      expect(version).toBeTypeOf('string')
      expect((await store.read(id))?.record.data).toEqual({ name: id })
      expect(await store.write(id, RECORD, null)).toBeNull()
    }
    for (const id of names) await store.delete(id)
    expect(prototypes()).toBe(before)
  })
})
