import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compiled } from '../../../test/compiled.ts'
import { freezeJson } from '../../core/copy.ts'
import type { SessionEvent } from '../../core/events.ts'
import { createId } from '../../core/id.ts'
import type { SessionRecord, Store } from '../../core/store.ts'
import { withThread } from './aside.ts'
import { fileStore, type FileStore } from './file-store.ts'
import { gauge, type Gauge, type Kind } from './gauge.ts'
import { nodeIo } from './io.ts'
import { jsonLayout } from './json-layouts.ts'

let dir: string
let slow: Record<Kind, boolean>
let measured: Gauge
/** What this thread did itself. */
let here: string[]
let events: SessionEvent[]
let store: Required<Store>

const record: SessionRecord = {
  data: { user: 'ada' },
  createdAt: 1,
  expiresAt: Infinity,
  revision: 1,
}

function open(program: URL, maxBytes?: number): Required<Store> {
  const files = fileStore({ dir, ...(maxBytes && { maxBytes }) }, jsonLayout({}))
  const watched: FileStore = {
    ...files,
    read: (id) => (here.push('read'), files.read(id)),
    write(...args) {
      const [, , , aside] = args
      if (!aside) here.push('write')
      return files.write(...args)
    },
    delete: (id) => (here.push('delete'), files.delete(id)),
  }
  const real = gauge(nodeIo)
  measured = { ...real, isSlow: (kind) => slow[kind] }
  const options = { dir, format: 'json', ...(maxBytes && { maxBytes }) } as const
  return withThread(watched, measured, options, program)
}

const program = (): URL => pathToFileURL(path.join(compiled(), 'aside-thread.js'))

/** Calls come here until the thread is up. */
async function untilAside(): Promise<void> {
  for (here.push('read'); here.length > 0;) {
    here.length = 0
    await store.read(createId())
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-aside-'))
  slow = { look: true, change: true }
  here = []
  events = []
  store = open(program())
  await store.init((event) => events.push(event))
})
afterEach(async () => {
  await store.close()
  fs.rmSync(dir, { recursive: true, force: true })
})

describe('another thread', () => {
  it('reads, writes, touches and removes; this one sees it', async () => {
    await untilAside()
    const id = createId()
    const version = (await store.write(id, record, null)) as string
    expect(await store.write(id, record, null)).toBeNull()
    expect(await store.read(id)).toEqual({ record, version })
    const touched = await store.touch(id, 99, version)
    expect(here).toEqual([])
    slow = { look: false, change: false }
    expect(await store.read(id)).toMatchObject({ version: touched, record: { expiresAt: 99 } })
    expect(here).toEqual(['read'])
    slow = { look: true, change: true }
    await store.delete(id)
    expect(await store.read(id)).toBeNull()
    expect(here).toEqual(['read'])
    expect(fs.readdirSync(dir).filter((name) => name.endsWith('.json'))).toEqual([])
  })

  it('tells this one what it has put there, which is not read back then', async () => {
    await untilAside()
    slow.look = false
    const id = createId()
    const given = freezeJson({ ...record, data: { user: 'ada' } })
    const version = (await store.write(id, given, null)) as string
    const found = await store.read(id)
    expect(found?.version).toBe(version)
    expect(found?.record).toBe(given)

    const file = path.join(dir, `${id}.json`)
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"ada"', '"eve"'))
    expect((await store.read(id))?.record.data).toEqual({ user: 'eve' })
    expect(await store.write(id, given, version)).toBeNull()
    expect((await store.read(id))?.record.data).toEqual({ user: 'eve' })
  })

  it('says what it measured', async () => {
    await untilAside()
    measured.take()
    await store.write(createId(), record, null)
    const { look, change } = measured.take()
    expect(change.operations).toBeGreaterThan(3)
    expect(look.operations).toBeGreaterThan(0)
  })

  it('is used for the slow kind only', async () => {
    await untilAside()
    slow.look = false
    const id = createId()
    const version = (await store.write(id, record, null)) as string
    await store.read(id)
    expect(here).toEqual(['read'])
    slow.change = false
    expect(await store.touch(id, 99, version)).toEqual(expect.any(String))
    await store.delete(id)
    expect(await store.read(id)).toBeNull()
    expect(here).toEqual(['read', 'delete', 'read'])
  })

  it('tells of a corrupt file, and says what failed as this one does', async () => {
    await store.close()
    store = open(program(), 200)
    await store.init((event) => events.push(event))
    await untilAside()
    const id = createId()
    fs.writeFileSync(path.join(dir, `${id}.json`), 'torn')
    expect(await store.read(id)).toBeNull()
    expect(events).toMatchObject([{ type: 'corrupt' }])
    const long = { ...record, data: { text: 'x'.repeat(300) } }
    await expect(store.write(id, long, null)).rejects.toMatchObject({
      name: 'VitrineError',
      code: 'TOO_LARGE',
    })
    expect(here).toEqual([])
  })

  it('ends when its work is done', async () => {
    await untilAside()
    const ids = Array.from({ length: 50 }, () => createId())
    const under = ids.map((id) => store.write(id, record, null))
    await store.close()
    for (const version of await Promise.all(under)) expect(version).toEqual(expect.any(String))
    expect(here).toEqual([])
  })

  it('that dies at its work fails that work, and this one goes on alone', async () => {
    await store.close()
    const dying = `import { parentPort } from 'node:worker_threads'
      parentPort.on('message', (calls) => {
        if (calls.some(({ args }) => args[0] === 'die')) process.exit(1)
        parentPort.postMessage({ answers: calls.map(({ n }) => ({ n, value: null })), measured: { look: none, change: none } })
      })
      const none = { operations: 1, spent: 0 }
      parentPort.postMessage({ ready: true })`
    store = open(new URL(`data:text/javascript,${encodeURIComponent(dying)}`))
    await untilAside()
    const [read, write] = await Promise.allSettled([
      store.read('die'),
      store.write(createId(), record, null),
    ])
    const failure = { status: 'rejected', reason: { code: 'STORE' } }
    expect([read, write]).toMatchObject([failure, failure])
    const id = createId()
    await store.write(id, record, null)
    expect(here).toEqual(['write'])
    expect((await store.read(id))?.record).toEqual(record)
  })
})

it('that cannot be had is done without', async () => {
  await store.close()
  store = open(new URL('file:///nowhere/aside-thread.js'))
  const id = createId()
  await store.write(id, record, null)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect((await store.read(id))?.record).toEqual(record)
  expect(here).toEqual(['write', 'read'])
})
