import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freezeJson } from '../../core/copy.ts'
import { createId } from '../../core/id.ts'
import type { SessionEvent } from '../../core/events.ts'
import type { SessionRecord, Store } from '../../core/store.ts'
import { fileStore, type FileStore } from './file-store.ts'
import type { FileStoreOptions } from './options.ts'
import { nodeIo } from './io.ts'
import { jsonLayout } from './json-layouts.ts'
import { plainLayout } from './layout.ts'

const layout = plainLayout('.json', {
  stringify: (value) => JSON.stringify(value, null, 2),
  parse: JSON.parse,
})

let dir: string
beforeEach(() => {
  dir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-')), 'app', 'sessions')
})
afterEach(() => fs.rmSync(path.dirname(path.dirname(dir)), { recursive: true, force: true }))

function open(options: FileStoreOptions = {}) {
  return fileStore({ dir, ...options }, layout)
}

function record(data: Record<string, unknown> = { user: 'ada' }): SessionRecord {
  const now = Date.parse('2026-11-22T19:06:12.123Z')
  return { data, createdAt: now, expiresAt: now + 7_200_000, revision: 1 }
}

function fileOf(id: string): string {
  return path.join(dir, `${id}.json`)
}

/** Waits until a file is old enough to be believed by its times alone. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 40))
}

describe('a session file', () => {
  it('is readable: the facts around the data, pretty-printed, a newline at the end', async () => {
    const id = createId()
    await open().write(id, record({ user: 'ada', cart: [] }), null)
    expect(fs.readFileSync(fileOf(id), 'utf8')).toBe(
      `{
  "id": "${id}",
  "created": "2026-11-22T19:06:12.123Z",
  "expires": "2026-11-22T21:06:12.123Z",
  "revision": 1,
  "data": {
    "user": "ada",
    "cart": []
  }
}
`,
    )
  })

  it('is written over what another process wrote, also by one that wrote it before and has not read it since', async () => {
    const id = createId()
    const [one, other] = [0, 1].map(() => fileStore({ dir }, jsonLayout({}))) as [
      FileStore,
      FileStore,
    ]
    const first = await one.write(id, record({ n: 1 }), null)
    const second = await other.write(id, record({ n: 2 }), first)
    expect(await one.write(id, record({ n: 3 }), second)).not.toBeNull()
    expect(await other.write(id, record({ n: 4 }), second)).toBeNull()
    expect(await other.read(id)).toMatchObject({ record: { data: { n: 3 } } })
  })

  it.each(['0000', '0022', '0077'])('is private from the start under umask %s', async (mask) => {
    const before = process.umask(Number.parseInt(mask, 8))
    try {
      const store = open()
      for (const id of [createId(), createId()]) {
        await store.write(id, record(), null)
        expect(fs.statSync(fileOf(id)).mode & 0o777).toBe(0o600)
      }
      expect(fs.statSync(dir).mode & 0o777).toBe(0o700)
      expect(fs.statSync(path.join(dir, '.vitrine')).mode & 0o777).toBe(0o700)
    } finally {
      process.umask(before)
    }
  })

  it('keeps every member of a record', async () => {
    const full: SessionRecord = {
      ...record(
        JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "then": [null, {"": "é\\u2028"}]}'),
      ),
      flash: { notice: 'hello' },
      expiresAt: Infinity,
      idle: 90_500,
      lifetime: Infinity,
      retired: true,
    }
    const id = createId()
    const store = open()
    await store.write(id, full, null)
    expect((await open().read(id))?.record).toEqual(full)
    expect(Object.hasOwn((await store.read(id))!.record.data, '__proto__')).toBe(true)
  })

  it('counts as it stands after an edit by hand, also when the revision was left alone', async () => {
    const id = createId()
    const store = open()
    await store.write(id, record(), null)
    await store.read(id)
    fs.writeFileSync(fileOf(id), fs.readFileSync(fileOf(id), 'utf8').replace('"ada"', '"bob"'))
    expect((await store.read(id))?.record.data).toEqual({ user: 'bob' })
  })

  it('is noticed when it is edited within the same tick, to the same size, in place or by rename', async () => {
    const id = createId()
    const store = open()
    await store.write(id, record({ n: 1000 }), null)
    for (let n = 1001; n < 1400; n++) {
      const text = fs.readFileSync(fileOf(id), 'utf8').replace(/\d{4}(?=\n {2}\})/, String(n))
      if (n % 2) fs.writeFileSync(fileOf(id), text)
      else {
        fs.writeFileSync(`${fileOf(id)}~`, text)
        fs.renameSync(`${fileOf(id)}~`, fileOf(id))
      }
      expect((await store.read(id))?.record.data).toEqual({ n })
    }
  })

  it('is noticed when a kernel with a coarse clock gives an edit the same times and size', async () => {
    // every file seems to have been changed at one moment, as within one tick
    let now = Date.now()
    let stamp = BigInt(now) * 1_000_000n
    const coarse = <T extends object>(facts: T) =>
      Object.assign(Object.create(facts) as T, { mtimeNs: stamp, ctimeNs: stamp })
    const io = {
      ...nodeIo,
      now: () => now,
      fstat: (fd: number) => coarse(nodeIo.fstat(fd)),
      lstat: (file: string) => {
        const facts = nodeIo.lstat(file)
        return facts && coarse(facts)
      },
    }
    const id = createId()
    const store = fileStore({ dir, io }, jsonLayout({})) // which could keep what it has written
    await store.write(id, freezeJson(record({ n: 1 })), null)
    await store.read(id)
    fs.writeFileSync(fileOf(id), fs.readFileSync(fileOf(id), 'utf8').replace('"n": 1', '"n": 2'))
    expect((await store.read(id))?.record.data).toEqual({ n: 2 })
    now += 3_600_000 // and once the clock has moved on, the file is believed
    await store.read(id)
    stamp += 1n
    fs.writeFileSync(fileOf(id), fs.readFileSync(fileOf(id), 'utf8').replace('"n": 2', '"n": 3'))
    expect((await store.read(id))?.record.data).toEqual({ n: 3 })
  })

  it('is noticed when it is edited to the same size and its old modification time is put back', async () => {
    const whole = Math.floor(Date.now() / 1000) - 60 // a time that utimes can set exactly
    const id = createId()
    const store = open()
    await store.write(id, record(), null)
    fs.utimesSync(fileOf(id), whole, whole)
    await settle()
    expect((await store.read(id))?.record.data).toEqual({ user: 'ada' })
    fs.writeFileSync(fileOf(id), fs.readFileSync(fileOf(id), 'utf8').replace('"ada"', '"bob"'))
    fs.utimesSync(fileOf(id), whole, whole)
    expect((await store.read(id))?.record.data).toEqual({ user: 'bob' })
  })

  it('is not opened again while it did not change', async () => {
    let opened = 0
    const io = {
      ...nodeIo,
      open: (...args: Parameters<typeof nodeIo.open>) => (opened++, nodeIo.open(...args)),
    }
    const id = createId()
    const store = open({ io })
    await store.write(id, record(), null)
    await settle()
    const first = await store.read(id)
    opened = 0
    expect(await store.read(id)).toBe(first)
    expect(opened).toBe(0)
  })
})

describe('two stores of one process on the same directory', () => {
  it('need not read back what the other one has put there, and see what was edited since', async () => {
    const id = createId()
    const [one, other] = [0, 1].map(() => fileStore({ dir }, jsonLayout({}))) as [
      FileStore,
      FileStore,
    ]
    const given = freezeJson(record())
    const version = await one.write(id, given, null, other.put)
    expect(await one.write(id, given, null, other.put)).toBeNull()
    const found = await one.read(id)
    expect(found).toEqual({ record: given, version })
    expect(found!.record).toBe(given)
    expect((await other.read(id))?.version).toBe(version)
    fs.writeFileSync(fileOf(id), fs.readFileSync(fileOf(id), 'utf8').replace('"ada"', '"eve"'))
    expect((await one.read(id))?.record.data).toEqual({ user: 'eve' })
  })
})

describe('compare-and-swap', () => {
  it('creates only what is not there', async () => {
    const id = createId()
    const store = open()
    expect(await store.write(id, record(), null)).toBeTypeOf('string')
    expect(await store.write(id, record({ user: 'eve' }), null)).toBeNull()
    expect((await store.read(id))?.record.data).toEqual({ user: 'ada' })
  })

  it('loses against an edit by hand', async () => {
    const id = createId()
    const store = open()
    const version = await store.write(id, record(), null)
    fs.writeFileSync(fileOf(id), fs.readFileSync(fileOf(id), 'utf8').replace('"ada"', '"bob"'))
    expect(await store.write(id, record({ user: 'eve' }), version)).toBeNull()
    expect((await store.read(id))?.record.data).toEqual({ user: 'bob' })
  })

  it('cannot bring a removed session back', async () => {
    const id = createId()
    const store = open()
    const version = await store.write(id, record(), null)
    await store.delete(id)
    expect(await store.write(id, record(), version)).toBeNull()
    expect(await store.touch?.(id, Infinity, version as string)).toBeNull()
    expect(fs.existsSync(fileOf(id))).toBe(false)
  })

  it('leaves nothing behind, won or lost', async () => {
    const id = createId()
    const store = open()
    await store.write(id, record(), null)
    await store.write(id, record(), null)
    await store.delete(id)
    expect(fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))).toEqual([])
  })

  it('lets others on at once, won or lost', async () => {
    const id = createId()
    const rests: number[] = []
    const [one, two] = [0, 1].map(() => {
      const nap = (ms: number) => void rests.push(ms)
      return open({ io: { ...nodeIo, nap, sleep: async (ms) => nap(ms) } })
    }) as [FileStore, FileStore]
    await one.write(id, record(), null)
    await two.write(id, record(), null)
    await one.delete(id)
    const version = await two.write(id, record(), null)
    await one.touch?.(id, Infinity, version as string)
    await two.delete(id)
    await two.delete(id)
    expect(rests).toEqual([])
  })
})

describe('a store that survives power cuts', () => {
  it('has file and directory on the disk before it answers, in that order', async () => {
    const done: string[] = []
    const names = new Map<number, string>()
    const io: typeof nodeIo = {
      ...nodeIo,
      open(file, ...rest) {
        const fd = nodeIo.open(file, ...rest)
        names.set(fd, file)
        return fd
      },
      async fsync(fd) {
        await nodeIo.fsync(fd)
        done.push(names.get(fd) === dir ? 'directory' : 'file')
      },
      rename(from, to) {
        nodeIo.rename(from, to)
        if (to.endsWith('.json')) done.push('rename')
      },
      unlink(file) {
        nodeIo.unlink(file)
        if (file.endsWith('.json')) done.push('unlink')
      },
    }
    const id = createId()
    const store = open({ io, durability: 'power' }) as Required<Store>
    await store.init(() => {})
    done.length = 0 // the directory and those above it, which were made
    await store.write(id, record(), null)
    expect(done).toEqual(['file', 'rename', 'directory'])
    done.length = 0
    await store.delete(id)
    expect(done).toEqual(['unlink', 'directory'])
  })
})

describe('what is no session', () => {
  const corrupt = (id: string, content: string | Buffer) => {
    fs.mkdirSync(dir, { recursive: true })
    fs.writeFileSync(fileOf(id), content)
  }

  it.each<[string, string | Buffer, string]>([
    ['an empty file', '', 'the file is empty'],
    ['a cut file', '{"id": "', 'it does not parse'],
    ['a list', '[]', 'it is not an object'],
    ['null', 'null', 'it is not an object'],
    ['another session under this name', '{"id": "x", "data": {}}', 'its id is not its file name'],
    ['UTF-16', Buffer.from('{"id": 1}', 'utf16le'), 'it does not parse'],
    ['broken UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'it is not UTF-8 text'],
    ['deep nesting, cut', `{"id":${'['.repeat(200_000)}`, 'it does not parse'],
    [
      'deep nesting',
      `{"id":"ID","data":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`,
      'it is nested deeper than 1000 levels',
    ],
  ])(
    '%s is set aside with the reason, reported, and answers as no session',
    async (_, content, reason) => {
      const id = createId()
      if (typeof content === 'string') content = content.replace('ID', id)
      corrupt(id, content)
      const events: SessionEvent[] = []
      const store = open()
      await store.init?.((event) => events.push(event))
      expect(await store.read(id)).toBeNull()
      expect(fs.existsSync(fileOf(id))).toBe(false)
      const [event] = events
      expect(event).toMatchObject({ type: 'corrupt', reason, session: id.slice(0, 8) })
      const where = (event as { kept: string }).kept
      expect(where).not.toContain(id)
      const name = fs
        .readdirSync(path.join(dir, path.dirname(where)))
        .find((each) => !each.endsWith('.reason'))
      const kept = path.join(dir, path.dirname(where), name as string)
      expect(kept).toContain(path.basename(where).split('*')[0])
      expect(fs.readFileSync(kept)).toEqual(Buffer.from(content))
      expect(fs.readFileSync(`${kept}.reason`, 'utf8')).toBe(`${reason}\n`)
      expect(await store.write(id, record(), null)).toBeTypeOf('string')
    },
  )

  it('is waited for while another program may be writing it', async () => {
    const id = createId()
    await open().write(id, record(), null)
    const text = fs.readFileSync(fileOf(id), 'utf8')
    fs.writeFileSync(fileOf(id), '')
    setTimeout(() => fs.writeFileSync(fileOf(id), text), 10)
    expect((await open().read(id))?.record.data).toEqual({ user: 'ada' })
  })

  it('is waited for while the machine stands still', async () => {
    const id = createId()
    await open().write(id, record(), null)
    const text = fs.readFileSync(fileOf(id), 'utf8')
    fs.writeFileSync(fileOf(id), '')
    const reading = open().read(id)
    nodeIo.nap(100)
    setTimeout(() => fs.writeFileSync(fileOf(id), text), 10)
    expect((await reading)?.record.data).toEqual({ user: 'ada' })
  })

  it('does not block: a link, a FIFO, a directory, a huge sparse file', async () => {
    const store = open()
    await store.init?.(() => {})
    const outside = path.join(path.dirname(dir), 'outside.json')
    fs.writeFileSync(outside, 'secret')
    const [link, fifo, folder, sparse] = [createId(), createId(), createId(), createId()]
    fs.symlinkSync(outside, fileOf(link))
    const { spawnSync } = await import('node:child_process')
    spawnSync('mkfifo', [fileOf(fifo)])
    fs.mkdirSync(fileOf(folder))
    fs.writeFileSync(fileOf(sparse), '')
    fs.truncateSync(fileOf(sparse), 10 * 2 ** 30)
    for (const id of [link, fifo, folder, sparse]) {
      expect(await store.read(id)).toBeNull()
      expect(fs.readdirSync(dir)).not.toContain(`${id}.json`)
    }
    expect(fs.readFileSync(outside, 'utf8')).toBe('secret')
  })
})

describe('the session directory', () => {
  it('keeps itself out of git and keeps foreign files', async () => {
    const store = open()
    await store.write(createId(), record(), null)
    fs.writeFileSync(path.join(dir, 'README'), 'mine')
    await store.wipe?.()
    expect(fs.readFileSync(path.join(dir, '.gitignore'), 'utf8')).toBe('*\n')
    expect(fs.readdirSync(dir).sort()).toEqual(['.gitignore', '.vitrine', 'README'])
  })

  it('is made again when somebody removes it under the running app', async () => {
    const store = open()
    const id = createId()
    await store.write(id, record(), null)
    fs.rmSync(dir, { recursive: true })
    expect(await store.read(id)).toBeNull()
    expect(await store.write(id, record(), null)).toBeTypeOf('string')
    expect((await store.read(id))?.record.data).toEqual({ user: 'ada' })
  })

  it('is refused when it is a file', async () => {
    fs.mkdirSync(path.dirname(dir), { recursive: true })
    fs.writeFileSync(dir, '')
    await expect(open().init?.(() => {})).rejects.toMatchObject({ code: 'CONFIG' })
  })

  it('is warned about when others may write in it', async () => {
    fs.mkdirSync(dir, { recursive: true })
    fs.chmodSync(dir, 0o777)
    const events: SessionEvent[] = []
    await open().init?.((event) => events.push(event))
    expect(events).toMatchObject([{ type: 'warning', code: 'DIRECTORY_OPEN' }])
  })

  it('never names a file in an error', async () => {
    const id = createId()
    const io = {
      ...nodeIo,
      rename: (from: string, to: string) => {
        if (to.endsWith('.json')) {
          throw Object.assign(new Error(`ENOSPC: no space, rename '${from}' -> '${to}'`), {
            code: 'ENOSPC',
            syscall: 'rename',
          })
        }
        nodeIo.rename(from, to)
      },
    }
    const error = await open({ io })
      .write(id, record(), null)
      .catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'STORE',
      message: 'Cannot write a session: the disk is full (ENOSPC)',
    })
    expect(String((error as Error).cause)).not.toContain(id)
    expect(fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))).toEqual([])
  })
})

describe('the sweep', () => {
  it('removes what has expired and nothing else', async () => {
    const store = open()
    const now = Date.now()
    const [live, dead, edge] = [createId(), createId(), createId()]
    await store.write(live, { ...record(), expiresAt: now + 1 }, null)
    await store.write(dead, { ...record(), expiresAt: now - 1 }, null)
    await store.write(edge, { ...record(), expiresAt: now }, null)
    expect(await store.reap?.(now)).toBe(2)
    const left = []
    for await (const id of store.ids!()) left.push(id)
    expect(left).toEqual([live])
  })

  it('removes what killed writers left behind, not what is being written', async () => {
    const store = open()
    await store.init?.(() => {})
    const tmp = path.join(dir, '.vitrine', 'tmp')
    fs.writeFileSync(path.join(tmp, 'old'), '')
    fs.mkdirSync(path.join(tmp, 'old.lock'))
    fs.writeFileSync(path.join(tmp, 'old.lock', 'free'), '')
    for (const name of ['old', 'old.lock']) fs.utimesSync(path.join(tmp, name), 1, 1)
    fs.writeFileSync(path.join(tmp, 'new'), '')
    await store.reap?.(Date.now())
    expect(fs.readdirSync(tmp)).toEqual(['new'])
  })

  it('stops when told to, and goes on next time', async () => {
    const store = open()
    for (let n = 0; n < 5; n++) await store.write(createId(), { ...record(), expiresAt: 1 }, null)
    const stopped = await store.reap?.(Date.now(), AbortSignal.abort())
    const rest = await store.reap?.(Date.now())
    expect(stopped! + rest!).toBe(5)
  })
})

describe('watching', () => {
  it('tells about writes, edits by hand and deletions, and ends with the signal', async () => {
    const store = open()
    await store.init?.(() => {})
    const stop = new AbortController()
    const seen: string[] = []
    const id = createId()
    let next = () => {}
    const watching = (async () => {
      for await (const change of store.watch!(stop.signal)) {
        seen.push(change.kind)
        expect(change.id).toBe(id)
        next()
      }
    })()
    const told = () => new Promise<void>((resolve) => (next = resolve))
    await settle()
    let more = told()
    await store.write(id, record(), null)
    await more
    more = told()
    fs.appendFileSync(fileOf(id), '\n')
    await more
    more = told()
    fs.unlinkSync(fileOf(id))
    await more
    stop.abort()
    await watching
    expect(seen).toEqual(['written', 'written', 'deleted'])
  })
})
