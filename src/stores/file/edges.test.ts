import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createId } from '../../core/id.ts'
import type { SessionRecord, Store, StoreChange } from '../../core/store.ts'
import { directoryAt } from './directory.ts'
import { storeError } from './failure.ts'
import { nodeIo, type Io } from './io.ts'
import { plainLayout } from './layout.ts'
import { locksIn } from './lock.ts'
import { lookInto } from './look.ts'
import { jsonStore } from './json-store.ts'
import { yamlStore } from './yaml-store.ts'

let parent: string
let dir: string
beforeEach(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-'))
  dir = path.join(parent, 'sessions')
})
afterEach(() => fs.rmSync(parent, { recursive: true, force: true }))

function record(change: Partial<SessionRecord> = {}): SessionRecord {
  const createdAt = 1_795_000_000_000
  return { data: { user: 'ada' }, createdAt, expiresAt: createdAt + 1000, revision: 1, ...change }
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: no luck`), { code })
}

describe('looking from outside', () => {
  it.each(['json', 'yaml'] as const)(
    'tells what lies in a %s directory and changes nothing',
    async (format) => {
      const options = { dir, format }
      const store = format === 'json' ? jsonStore(dir) : yamlStore(dir)
      const empty = await lookInto(options)
      for await (const id of empty.ids()) expect.unreachable(id)
      expect(await empty.peek(createId())).toBeNull()
      expect(fs.existsSync(dir)).toBe(false)

      const [good, bad] = [createId(), createId()]
      const version = await store.write(good, record(), null)
      const look = await lookInto(options)
      expect(look.dir).toBe(dir)
      fs.writeFileSync(look.pathOf(bad), '')
      const before = fs.statSync(look.pathOf(good))
      const ids = []
      for await (const id of look.ids()) ids.push(id)
      expect(ids.sort()).toEqual([good, bad].sort())
      expect(await look.peek(good)).toEqual({
        record: record(),
        version,
        path: look.pathOf(good),
        size: before.size,
        modifiedAt: Math.floor(before.mtimeMs),
      })
      expect(await look.peek(bad)).toEqual({
        unreadable: 'the file is empty',
        path: look.pathOf(bad),
      })
      expect(await look.peek('../x')).toBeNull()
      expect(fs.existsSync(look.pathOf(bad))).toBe(true)
      expect(fs.statSync(look.pathOf(good)).mtimeMs).toBe(before.mtimeMs)
    },
  )

  it("reads Dancer's files too", async () => {
    fs.mkdirSync(dir)
    fs.writeFileSync(path.join(dir, '123456.json'), '{"id":"123456","user":"bob"}')
    fs.writeFileSync(
      path.join(dir, '123456.yml'),
      '--- !!perl/hash:Dancer::Session::YAML\nid: 123456\nuser: bob\n',
    )
    for (const format of ['json', 'yaml'] as const) {
      const look = await lookInto({ dir, format, layout: 'dancer' })
      expect(await look.peek('123456')).toMatchObject({ record: { data: { user: 'bob' } } })
    }
  })

  it('looks into ./sessions when nothing is said', async () => {
    expect((await lookInto({})).dir).toBe(path.resolve('sessions'))
    expect((await lookInto({})).pathOf('x')).toBe(path.resolve('sessions', 'x.json'))
  })
})

describe('a file', () => {
  const layout = plainLayout('.json', JSON)

  it('has no end where the time is beyond all dates', () => {
    const text = layout.encode('x', record({ expiresAt: 1e20, idle: Infinity }))
    expect(JSON.parse(text)).toMatchObject({ expires: 'never', idle: 'never' })
  })

  it.each([
    [
      { created: 5, expires: null },
      { createdAt: NaN, expiresAt: NaN },
    ],
    [
      { idle: 'soon', lifetime: -1, expires: 'never' },
      { idle: NaN, lifetime: NaN, expiresAt: Infinity },
    ],
    [
      { idle: 1.5, lifetime: 'never', revision: 'x' },
      { idle: 1500, lifetime: Infinity, revision: 0 },
    ],
    [{ retired: 'yes' }, {}],
  ])('edited to %j is read for what it says', (facts, expected) => {
    const bytes = Buffer.from(JSON.stringify({ id: 'x', data: {}, revision: 3, ...facts }))
    const decoded = layout.decode('x', bytes, 0)
    expect(decoded).toMatchObject(expected)
    expect(decoded.retired).toBeUndefined()
  })

  it.each([
    [{ data: [] }, 'data is not an object'],
    [{ data: {}, flash: 1 }, 'flash is not an object'],
  ])('edited to %j is no session', (facts, reason) => {
    const bytes = Buffer.from(JSON.stringify({ id: 'x', ...facts }))
    expect(() => layout.decode('x', bytes, 0)).toThrow(reason)
  })

  it('may begin with a byte order mark, as some editors write it', () => {
    const bytes = Buffer.from(`\ufeff${JSON.stringify({ id: 'x', data: { a: 1 } })}`)
    expect(layout.decode('x', bytes, 0).data).toEqual({ a: 1 })
  })

  it('that grows while it is read, or becomes a link or a directory on the way, is not believed', async () => {
    const id = createId()
    await jsonStore(dir).write(id, record(), null)
    const file = path.join(dir, `${id}.json`)
    const outside = path.join(parent, 'outside')
    fs.writeFileSync(outside, fs.readFileSync(file))
    const becoming = (change: () => void): Io => ({
      ...nodeIo,
      open(...args) {
        if (args[0] === file) change()
        return nodeIo.open(...args)
      },
    })
    const link = becoming(() => {
      fs.rmSync(file)
      fs.symlinkSync(outside, file)
    })
    expect(await (await lookInto({ dir, io: link })).peek(id)).toMatchObject({
      unreadable: 'it is a link',
    })
    const folder = becoming(() => {
      fs.rmSync(file)
      fs.mkdirSync(file)
    })
    fs.rmSync(file)
    fs.writeFileSync(file, fs.readFileSync(outside))
    expect(await (await lookInto({ dir, io: folder })).peek(id)).toMatchObject({
      unreadable: 'it is not a regular file',
    })
    fs.rmdirSync(file)
    fs.writeFileSync(file, fs.readFileSync(outside))
    const growing: Io = {
      ...nodeIo,
      fstat(fd) {
        const facts = nodeIo.fstat(fd)
        fs.appendFileSync(file, ' '.repeat(100))
        return facts
      },
    }
    expect(await (await lookInto({ dir, io: growing })).peek(id)).toMatchObject({
      unreadable: 'it is being written',
    })
    const vanishing = becoming(() => fs.rmSync(file))
    expect(await (await lookInto({ dir, io: vanishing })).peek(id)).toBeNull()
  })

  it('that vanishes or cannot be read while versions are compared is no match', async () => {
    const id = createId()
    const version = await jsonStore(dir).write(id, record(), null)
    const file = path.join(dir, `${id}.json`)
    const io: Io = {
      ...nodeIo,
      open(...args) {
        if (args[0] === file) throw failure('ENOENT')
        return nodeIo.open(...args)
      },
    }
    expect(await jsonStore({ dir, io }).write(id, record(), version)).toBeNull()
    fs.writeFileSync(file, ' '.repeat(2000))
    expect(await jsonStore({ dir, maxBytes: 1000 }).write(id, record(), version)).toBeNull()
  })

  it('is refused over its bound, naming what is biggest, and the old one stays', async () => {
    const store = jsonStore({ dir, maxBytes: 500 })
    const id = createId()
    const version = await store.write(id, record(), null)
    const large = record({ data: { log: 'x'.repeat(500) } })
    await expect(store.write(id, large, version)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringContaining('log 0.5 kB'),
    })
    expect((await store.read(id))?.record).toEqual(record())
  })
})

describe('a store that has much', () => {
  it('forgets what it read longest ago, not what is stored', async () => {
    const store = jsonStore(dir)
    const first = createId()
    await store.write(first, record(), null)
    const text = fs.readFileSync(path.join(dir, `${first}.json`), 'utf8')
    for (let n = 0; n < 10_001; n++) {
      const id = createId()
      fs.writeFileSync(path.join(dir, `${id}.json`), text.replace(first, id))
      if (!(await store.read(id))) expect.unreachable()
    }
    expect((await store.read(first))?.record).toEqual(record())
  }, 60_000)

  it('remembers fewer of them the larger they are', async () => {
    const opened = new Set<string>()
    const io: Io = {
      ...nodeIo,
      open(file, flags, mode) {
        opened.add(path.basename(file, '.json'))
        return nodeIo.open(file, flags, mode)
      },
    }
    const store = jsonStore({ dir, io })
    const ids = Array.from({ length: 40 }, createId)
    for (const id of ids) await store.write(id, record({ data: { text: 'x'.repeat(1e6) } }), null)
    for (const id of ids) await store.read(id)
    await new Promise((resolve) => setTimeout(resolve, 40))
    for (const id of ids.slice(-10)) await store.read(id) // old enough by now to be believed
    opened.clear()
    for (const id of [...ids.slice(0, 5), ...ids.slice(-10)])
      expect(await store.read(id)).not.toBeNull()
    expect([...opened].sort()).toEqual(ids.slice(0, 5).sort())
  })
})

describe('a writer', () => {
  it('never waits for another one of its process, on whatever sessions they work', async () => {
    let naps = 0
    const store = jsonStore({
      dir,
      io: {
        ...nodeIo,
        nap: (ms) => {
          naps++
          nodeIo.nap(ms)
        },
      },
    })
    const ids = Array.from({ length: 100 }, createId) // more than there are locks
    const versions = await Promise.all(ids.map((id) => store.write(id, record(), null)))
    expect(versions).not.toContain(null)
    await Promise.all(ids.map((id) => store.delete(id)))
    expect(naps).toBe(0)
  })

  it('that is taken over again and again gives up with an error', async () => {
    const io: Io = {
      ...nodeIo,
      rename(from, to) {
        if (to.endsWith('.json')) throw failure('ENOENT')
        nodeIo.rename(from, to)
      },
    }
    await expect(jsonStore({ dir, io }).write(createId(), record(), null)).rejects.toMatchObject({
      code: 'STORE',
      message: expect.stringContaining('kept taking over'),
    })
  })

  it('goes on after a short write, and does not hang on a disk that takes nothing', async () => {
    const short: Io = {
      ...nodeIo,
      write: (fd, buffer, offset, length) => nodeIo.write(fd, buffer, offset, Math.min(length, 7)),
    }
    const id = createId()
    expect(await jsonStore({ dir, io: short }).write(id, record(), null)).toBeTypeOf('string')
    expect((await jsonStore(dir).read(id))?.record).toEqual(record())
    const full: Io = { ...nodeIo, write: () => 0 }
    await expect(
      jsonStore({ dir, io: full }).write(createId(), record(), null),
    ).rejects.toMatchObject({
      code: 'STORE',
    })
  })

  it.each([
    [3, 'EBUSY', 'stored'],
    [3, 'EPERM', 'EPERM'],
    [99, 'EBUSY', 'EBUSY'],
  ])('whose rename is refused %d times with %s ends with %s', async (times, code, end) => {
    let refused = 0
    const io: Io = {
      ...nodeIo,
      busy: ['EBUSY'],
      rename(from, to) {
        if (to.endsWith('.json') && refused++ < times) throw failure(code)
        nodeIo.rename(from, to)
      },
    }
    const outcome = await jsonStore({ dir, io })
      .write(createId(), record(), null)
      .catch((error: unknown) => (error as Error).message)
    if (end === 'stored') expect(outcome).not.toContain('Cannot')
    else expect(outcome).toContain(end)
  })

  it('whose directory vanishes under it at any moment makes it anew or fails cleanly', async () => {
    for (const moment of ['fsync', 'close', 'readdir', 'mkdir'] as const) {
      let once = true
      const io: Io = {
        ...nodeIo,
        [moment]: (...args: never[]) => {
          if (once) {
            once = false
            fs.rmSync(dir, { recursive: true, force: true })
          }
          return Reflect.apply(nodeIo[moment], nodeIo, args) as unknown
        },
      }
      const id = createId()
      const store = jsonStore({ dir, io, durability: 'power' })
      const version = await store.write(id, record(), null).catch((error: unknown) => error)
      if (typeof version !== 'string') expect(version).toMatchObject({ code: 'STORE' })
      else expect((await store.read(id))?.record).toEqual(record())
      expect(await store.write(createId(), record(), null)).toBeTypeOf('string')
    }
  })
})

describe('the session directory', () => {
  it('cannot lie below a file', async () => {
    fs.writeFileSync(path.join(parent, 'file'), '')
    await expect(
      jsonStore(path.join(parent, 'file', 'sessions')).init!(() => {}),
    ).rejects.toMatchObject({
      code: 'STORE',
    })
  })

  it('may be a link to a directory', async () => {
    const real = path.join(parent, 'elsewhere')
    fs.mkdirSync(real, { mode: 0o700 })
    fs.symlinkSync(real, dir)
    const id = createId()
    expect(await jsonStore(dir).write(id, record(), null)).toBeTypeOf('string')
    expect(fs.readdirSync(real)).toContain(`${id}.json`)
  })

  it('cannot be made where not even the root is', () => {
    const io: Io = {
      ...nodeIo,
      mkdir() {
        throw failure('ENOENT')
      },
    }
    expect(() => directoryAt(dir, io).make()).toThrow('ENOENT')
  })

  it('may be made by somebody else at the same moment', () => {
    const io: Io = {
      ...nodeIo,
      mkdir(target, mode) {
        if (target === dir) fs.mkdirSync(dir)
        nodeIo.mkdir(target, mode)
      },
    }
    directoryAt(dir, io).make()
    expect(fs.existsSync(path.join(dir, '.vitrine', 'locks'))).toBe(true)
  })

  it('whose leftovers are gone is wiped all the same', async () => {
    const store = jsonStore(dir)
    await store.init!(() => {})
    fs.writeFileSync(path.join(dir, '.vitrine', 'tmp', 'leftover'), '')
    fs.rmdirSync(path.join(dir, '.vitrine', 'quarantine'))
    await store.wipe!()
    expect(fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))).toEqual([])
  })
})

describe('a file that is to be set aside', () => {
  /** A broken file, and something that happens just when its lock is taken or it is moved. */
  async function broken(when: 'lock' | 'move', meanwhile: (file: string) => void) {
    const id = createId()
    await jsonStore(dir).init!(() => {})
    const file = path.join(dir, `${id}.json`)
    fs.mkdirSync(file)
    let happened = false
    const io: Io = {
      ...nodeIo,
      rename(from, to) {
        if (!happened && (when === 'lock' ? from.endsWith('free') : from === file)) {
          happened = true
          meanwhile(file)
        }
        nodeIo.rename(from, to)
      },
    }
    return { id, file, store: jsonStore({ dir, io }) }
  }

  it('and is set right meanwhile stays, and counts', async () => {
    const { id, file, store } = await broken('lock', (target) => {
      fs.rmdirSync(target)
      fs.writeFileSync(
        target,
        JSON.stringify({ id: path.basename(target, '.json'), data: { n: 1 } }),
      )
    })
    expect((await store.read(id))?.record.data).toEqual({ n: 1 })
    expect(fs.existsSync(file)).toBe(true)
  })

  it('and is removed meanwhile is just gone', async () => {
    const { id, store } = await broken('move', (target) => fs.rmdirSync(target))
    expect(await store.read(id)).toBeNull()
    expect(fs.readdirSync(path.join(dir, '.vitrine', 'quarantine'))).toEqual([])
    expect(fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))).toEqual([])
  })
})

describe('what fails', () => {
  it.each([
    ['ENOSPC', 'Cannot write: the disk is full (ENOSPC)'],
    ['EDQUOT', 'Cannot write: the disk quota is used up (EDQUOT)'],
    ['EWHATEVER', 'Cannot write: the system refuses (EWHATEVER)'],
  ])('with %s says so', (code, message) => {
    expect(storeError('write', failure(code))).toMatchObject({ code: 'STORE', message })
  })

  it('otherwise keeps its cause, and an error of ours stays what it is', () => {
    const cause = new Error('odd')
    const error = storeError('write', cause)
    expect(error).toMatchObject({ code: 'STORE', message: 'Cannot write', cause })
    expect(storeError('read', error)).toBe(error)
  })
})

describe('a session directory that somebody removes while it is made', () => {
  const vanishing = (times: number) => {
    let left = times
    const io: Io = {
      ...nodeIo,
      mkdir(made, mode) {
        if (made.endsWith('.vitrine') && left-- > 0)
          fs.rmSync(dir, { recursive: true, force: true })
        nodeIo.mkdir(made, mode)
      },
    }
    return jsonStore({ dir, io }) as Required<Store>
  }

  it('is made again', async () => {
    await vanishing(3).init(() => {})
    expect(fs.readdirSync(path.join(dir, '.vitrine')).sort()).toEqual([
      'locks',
      'quarantine',
      'tmp',
    ])
  })

  it('is an error in the end', async () => {
    await expect(vanishing(1000).init(() => {})).rejects.toMatchObject({
      code: 'STORE',
      message: 'Cannot open the session directory: a part of the path is missing (ENOENT)',
    })
  })
})

describe('the sweep', () => {
  it('leaves the work to another process that is at it', async () => {
    const store = jsonStore(dir)
    await store.write(createId(), record({ expiresAt: 1 }), null)
    const directory = directoryAt(dir, nodeIo)
    const locks = locksIn(directory, nodeIo)
    locks.tryTake('reaper', 'other-0')
    let turns = 0
    const io: Io = {
      ...nodeIo,
      async sleep() {
        locks.renew('reaper', `other-${turns}`, `other-${++turns}`)
      },
    }
    expect(await jsonStore({ dir, io }).reap!(Date.now())).toBe(0)
    expect(turns).toBe(1)
  })

  it('takes the work over from one that died at it', async () => {
    const store = jsonStore(dir)
    await store.write(createId(), record({ expiresAt: 1 }), null)
    locksIn(directoryAt(dir, nodeIo), nodeIo).tryTake('reaper', 'dead')
    const io: Io = { ...nodeIo, sleep: async () => undefined }
    expect(await jsonStore({ dir, io }).reap!(Date.now())).toBe(1)
  })

  it('stops when it is taken over itself', async () => {
    const store = jsonStore(dir)
    for (let n = 0; n < 3; n++) await store.write(createId(), record({ expiresAt: 1 }), null)
    let elapsed = 0
    let pauses = 0
    const io: Io = {
      ...nodeIo,
      elapsed: () => (elapsed += 10),
      async sleep() {
        if (++pauses < 5) return // one after each of three looks, one before each removal
        const lock = path.join(dir, '.vitrine', 'locks', 'reaper')
        const [holder] = fs.readdirSync(lock)
        fs.renameSync(path.join(lock, holder as string), path.join(lock, 'other'))
      },
    }
    expect(await jsonStore({ dir, io }).reap!(Date.now())).toBe(1)
  })

  it('has nothing to do where there is no directory', async () => {
    expect(await jsonStore(dir).reap!(Date.now())).toBe(0)
    expect(fs.existsSync(dir)).toBe(false)
  })

  it('brings to quarantine what was on its way there', async () => {
    const store = jsonStore(dir)
    await store.init!(() => {})
    const way = path.join(dir, '.vitrine', 'tmp', 'dead')
    fs.mkdirSync(way)
    fs.writeFileSync(path.join(way, 'x.json.2026'), 'broken')
    fs.utimesSync(way, 1, 1)
    await store.reap!(Date.now())
    expect(fs.readFileSync(path.join(dir, '.vitrine', 'quarantine', 'x.json.2026'), 'utf8')).toBe(
      'broken',
    )
    expect(fs.existsSync(way)).toBe(false)
  })

  it('does not remove a session that somebody kept while it waited for the lock', async () => {
    const store = jsonStore(dir)
    const id = createId()
    const version = await store.write(id, record({ expiresAt: 1 }), null)
    let reads = 0
    const io: Io = {
      ...nodeIo,
      rename(from, to) {
        if (from.endsWith('free') && !from.includes('reaper') && reads++ === 0) {
          const file = path.join(dir, `${id}.json`)
          fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('1970', '2970'))
        }
        nodeIo.rename(from, to)
      },
    }
    expect(await jsonStore({ dir, io }).reap!(Date.now())).toBe(0)
    expect(await store.read(id)).not.toBeNull()
    expect(version).toBeTypeOf('string')
  })
})

describe('watching', () => {
  async function follow(store: { watch?: (signal: AbortSignal) => AsyncIterable<StoreChange> }) {
    const stop = new AbortController()
    const seen: StoreChange[] = []
    const done = (async () => {
      for await (const change of store.watch!(stop.signal)) seen.push(change)
    })()
    return { seen, end: () => (stop.abort(), done) }
  }

  it('waits for a directory that is not there yet, and follows one that is made again', async () => {
    const { seen, end } = await follow(jsonStore(dir))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(fs.existsSync(dir)).toBe(false)
    const store = jsonStore(dir)
    const [one, two] = [createId(), createId()]
    await store.write(one, record(), null)
    await expect.poll(() => seen, { timeout: 5000 }).toEqual([{ id: one, kind: 'written' }])
    fs.rmSync(dir, { recursive: true })
    await expect.poll(() => seen.at(-1), { timeout: 5000 }).toEqual({ id: one, kind: 'deleted' })
    await store.write(two, record(), null)
    await expect.poll(() => seen.at(-1), { timeout: 5000 }).toEqual({ id: two, kind: 'written' })
    await end()
  })

  it('ignores foreign files, and events that change nothing', async () => {
    const store = jsonStore(dir)
    await store.init!(() => {})
    let tell: (name: string | null) => void = () => {}
    const io: Io = {
      ...nodeIo,
      watch: (_, changed) => {
        tell = changed
        return { close() {} }
      },
    }
    const { seen, end } = await follow(jsonStore({ dir, io }))
    await new Promise((resolve) => setTimeout(resolve, 20))
    fs.writeFileSync(path.join(dir, 'README.md'), 'mine')
    tell('README.md')
    tell(`${createId()}.json`)
    const id = createId()
    await store.write(id, record(), null)
    tell(null) // the system lost count: everything is looked at
    await expect.poll(() => seen, { timeout: 5000 }).toEqual([{ id, kind: 'written' }])
    await end()
  })

  it('misses nothing while its reader is busy, and ends when the reader says so', async () => {
    const store = jsonStore(dir)
    await store.init!(() => {})
    const [one, two] = [createId(), createId()]
    const stop = new AbortController()
    setTimeout(() => void store.write(one, record(), null), 30)
    const seen: string[] = []
    for await (const { id } of store.watch!(stop.signal)) {
      seen.push(id)
      if (id === two) stop.abort()
      else {
        await store.write(two, record(), null)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    expect(seen).toEqual([one, two])
  })

  it('ends at once with a signal that has already fired, and may be left by its reader', async () => {
    for await (const change of jsonStore(dir).watch!(AbortSignal.abort()))
      expect.unreachable(change.id)
    const store = jsonStore(dir)
    await store.init!(() => {})
    const id = createId()
    setTimeout(() => void store.write(id, record(), null), 30)
    for await (const change of store.watch!(new AbortController().signal)) {
      expect(change).toEqual({ id, kind: 'written' })
      break
    }
  })
})
