import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createId } from '../../core/id.ts'
import type { SessionRecord, Store } from '../../core/store.ts'
import type { Durability } from './atomic.ts'
import { fileStore } from './file-store.ts'
import { nodeIo, type Io } from './io.ts'
import { plainLayout } from './layout.ts'

/** Every file operation of every call is made to fail in turn. */

const layout = plainLayout('.json', {
  stringify: (value) => JSON.stringify(value, null, 2),
  parse: JSON.parse,
})

let parent: string
let dir: string
beforeEach(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-'))
  dir = path.join(parent, 'sessions')
})
afterEach(() => fs.rmSync(parent, { recursive: true, force: true }))

const FAILING = [
  'open',
  'close',
  'read',
  'write',
  'fsync',
  'fstat',
  'lstat',
  'rename',
  'unlink',
  'mkdir',
  'rmdir',
  'readdir',
] as const

/** A lock that could not be released is taken over after a second; here a second takes 20 ms. */
const hurried: Io = { ...nodeIo, elapsed: () => nodeIo.elapsed() * 50 }

/** Fails the Nth operation; a failing close has closed all the same, as on Linux. */
function failingAt(n: number, code: string): { io: Io; failed: () => boolean; open: Set<number> } {
  let count = 0
  let failed = false
  const open = new Set<number>()
  const io = { ...hurried } as Record<string, unknown>
  for (const name of FAILING) {
    io[name] = (...args: unknown[]) => {
      const operation = nodeIo[name] as (...args: unknown[]) => unknown
      const fails = ++count === n
      if (fails) failed = true
      if (!fails || name === 'close') {
        const result = operation(...args)
        if (name === 'open') open.add(result as number)
        if (name === 'close') open.delete(args[0] as number)
        if (!fails) return result
      }
      throw Object.assign(new Error(`${code}: ${name} '${String(args[0])}'`), {
        code,
        syscall: name,
      })
    }
  }
  return { io: io as unknown as Io, failed: () => failed, open }
}

function record(data: Record<string, unknown>, expiresAt = 4_000_000_000_000): SessionRecord {
  return { data, createdAt: 1_700_000_000_000, expiresAt, revision: 1 }
}

interface Scene {
  /** Sets the stage with a disk that works. */
  before(store: Store, id: string): Promise<unknown>
  /** What is done with the disk that fails. */
  act(store: Store, id: string): Promise<unknown>
  /** The states that may be there afterwards; `null`: no session. */
  allowed: (Record<string, unknown> | null)[]
}

const scenes: Record<string, Scene> = {
  create: {
    before: async () => undefined,
    act: (store, id) => store.write(id, record({ n: 1 }), null),
    allowed: [null, { n: 1 }],
  },
  update: {
    before: (store, id) => store.write(id, record({ n: 1 }), null),
    act: async (store, id) => {
      const stored = await store.read(id)
      return store.write(id, record({ n: 2 }), stored?.version ?? 'none')
    },
    allowed: [{ n: 1 }, { n: 2 }],
  },
  touch: {
    before: (store, id) => store.write(id, record({ n: 1 }), null),
    act: async (store, id) => {
      const stored = await store.read(id)
      return store.touch!(id, 5_000_000_000_000, stored?.version ?? 'none')
    },
    allowed: [{ n: 1 }],
  },
  destroy: {
    before: (store, id) => store.write(id, record({ n: 1 }), null),
    act: (store, id) => store.delete(id),
    allowed: [{ n: 1 }, null],
  },
  reap: {
    before: async (store, id) => {
      await store.write(id, record({ n: 1 }), null)
      await store.write(createId(), record({}, 1), null)
    },
    act: (store) => store.reap!(Date.now()),
    allowed: [{ n: 1 }],
  },
  wipe: {
    before: (store, id) => store.write(id, record({ n: 1 }), null),
    act: (store) => store.wipe!(),
    allowed: [{ n: 1 }, null],
  },
  'set aside': {
    before: async (store, id) => {
      await store.init!(() => {})
      fs.mkdirSync(path.join(dir, `${id}.json`)) // not a regular file: set aside without waiting
    },
    act: (store, id) => store.read(id),
    allowed: [null],
  },
}

describe.each(Object.entries(scenes))('%s', (_, scene) => {
  it.each<[string, Durability]>([
    ['EIO', 'crash'],
    ['ENOSPC', 'power'],
    ['EACCES', 'crash'],
    ['EMFILE', 'crash'],
    ['EROFS', 'power'],
  ])(
    'survives %s at each file operation: the old state or the new one, no leak, and the next call works',
    async (code, durability) => {
      let faults = 0
      for (let n = 1; ; n++) {
        const id = createId()
        await scene.before(fileStore({ dir, io: hurried }, layout), id)
        const { io, failed, open } = failingAt(n, code)
        const outcome = await scene.act(fileStore({ dir, io, durability }, layout), id).then(
          () => null,
          (error: unknown) => error,
        )
        if (!failed()) break
        faults++
        expect([...open], 'open descriptors').toEqual([])
        if (outcome) {
          expect(outcome).toMatchObject({ code: 'STORE' })
          expect(`${(outcome as Error).message} ${String((outcome as Error).cause)}`).not.toContain(
            id,
          )
        }

        const store = fileStore({ dir, io: hurried }, layout)
        const after = await store.read(id)
        expect(scene.allowed, `after ${code} at operation ${n}`).toContainEqual(
          after?.record.data ?? null,
        )
        expect(await store.write(id, record({ n: 3 }), after?.version ?? null)).toBeTypeOf('string')
        await store.delete(id)
      }
      expect(faults).toBeGreaterThan(3)

      const tmp = path.join(dir, '.vitrine', 'tmp')
      for (const name of fs.readdirSync(tmp)) fs.utimesSync(path.join(tmp, name), 1, 1)
      await fileStore({ dir, io: hurried }, layout).reap!(Date.now())
      expect(fs.readdirSync(tmp)).toEqual([])
    },
  )
})
