import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freezeJson } from '../../core/copy.ts'
import { createId } from '../../core/id.ts'
import type { SessionRecord } from '../../core/store.ts'
import { nodeIo, type Facts, type Io } from './io.ts'
import { jsonStore } from './json-store.ts'
import { tellsChangesApart } from './stamps.ts'

let dir: string
let probe: string
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-'))
  probe = path.join(dir, 'probe')
})
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }))

/** The real disk, on which every file operation takes so many ms, and stamps are made of the time. */
function disk(takes: number, stamp: (ms: number) => bigint, change: Partial<Io> = {}): Io {
  let now = 5
  const stamped = (facts: Facts) =>
    Object.assign(Object.create(facts) as Facts, { ctimeNs: stamp(now) })
  return {
    ...nodeIo,
    elapsed: () => now,
    write: (...args) => {
      now += takes
      return nodeIo.write(...args)
    },
    fstat: (fd) => stamped(nodeIo.fstat(fd)),
    ...change,
  }
}

const exact = (ms: number) => BigInt(Math.round(ms * 1e6))
const ticking = (ms: number) => exact(Math.floor(ms))

describe('a file system tells changes apart', () => {
  it('when each of several at once has its own time', () => {
    expect(tellsChangesApart(probe, disk(0.01, exact))).toBe(true)
    expect(fs.readdirSync(dir)).toEqual([])
  })

  it('not when its clock ticks, also when it just did', () => {
    expect(tellsChangesApart(probe, disk(0.01, ticking))).toBe(false)
    expect(
      tellsChangesApart(
        probe,
        disk(0.16, (ms) => ticking(ms + 0.75)),
      ),
    ).toBe(false)
  })

  it('not when it is too slow to say', () => {
    expect(tellsChangesApart(probe, disk(0.4, exact))).toBe(false)
    let now = 0
    const io: Io = { ...disk(0.01, exact), elapsed: () => (now += 6) }
    expect(tellsChangesApart(probe, io)).toBe(false)
  })

  it('not when trying fails', () => {
    const broken = () => {
      throw new Error('no luck')
    }
    for (const operation of ['open', 'write', 'fstat', 'unlink'] as const) {
      expect(tellsChangesApart(probe, disk(0.01, exact, { [operation]: broken }))).toBe(false)
      fs.rmSync(probe, { force: true })
    }
  })
})

describe('what was written', () => {
  const record = (n: number, more: Partial<SessionRecord> = {}): SessionRecord =>
    freezeJson({ data: { n }, createdAt: 1000, expiresAt: 4e12, revision: 1, ...more })

  it('is not read back where the disk tells changes apart', async () => {
    let reads = 0
    // a machine that is busy elsewhere may be too slow to say
    const io: Io = {
      ...nodeIo,
      elapsed: () => 0,
      read: (...args) => (reads++, nodeIo.read(...args)),
    }
    const store = jsonStore({ dir, io })
    const id = createId()
    const version = await store.write(id, record(1), null)
    expect(await store.read(id)).toEqual({ record: record(1), version })
    expect(reads).toBe(tellsChangesApart(probe, io) ? 0 : 1)
  })

  it('is as it will be read, also what a text cannot say exactly, or what somebody may still change', async () => {
    const thawed = { ...record(3), data: { n: 3 } }
    const records = [
      record(1, { expiresAt: 4e12 + 0.5 }),
      record(2, { idle: 1001.1, lifetime: 7 / 3 }),
      thawed,
      record(4, { expiresAt: Infinity }),
    ]
    for (const written of records) {
      const [here, elsewhere] = [jsonStore({ dir }), jsonStore({ dir })]
      const id = createId()
      await here.write(id, written, null)
      thawed.data.n++
      const known = await here.read(id)
      expect(known).toEqual(await elsewhere.read(id))
    }
  })

  it('is read again when it was edited in place before anybody looked', async () => {
    let edits = 0
    const io: Io = {
      ...nodeIo,
      rename(from, to) {
        nodeIo.rename(from, to)
        if (!to.endsWith('.json')) return
        edits++
        fs.writeFileSync(to, fs.readFileSync(to, 'utf8').replace('"n": 1', '"n": 2'))
      },
    }
    const store = jsonStore({ dir, io })
    const id = createId()
    await store.write(id, record(1), null)
    expect((await store.read(id))?.record.data).toEqual({ n: 2 })
    expect(edits).toBe(1)
  })
})
