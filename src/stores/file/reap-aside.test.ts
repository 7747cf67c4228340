import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compiled } from '../../../test/compiled.ts'
import { createId } from '../../core/id.ts'
import type { SessionRecord, Store } from '../../core/store.ts'
import { fileStore } from './file-store.ts'
import { nodeIo, type Io } from './io.ts'
import { jsonLayout } from './json-layouts.ts'
import { openFiles } from './open-files.ts'
import { reapAside } from './reap-aside.ts'
import type { Aside } from './reap.ts'

/** More than a sweep looks at on the event loop. */
const MANY = 5000

let dir: string
let store: Required<Store>
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-reap-aside-'))
  store = fileStore({ dir }, jsonLayout({})) as Required<Store>
})
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }))

const options = () => ({ dir, format: 'json' }) as const
const file = (id: string): string => path.join(dir, `${id}.json`)
const lives = (id: string): boolean => fs.existsSync(file(id))

async function stored(expiresAt: number): Promise<string> {
  const id = createId()
  const record: SessionRecord = { data: { user: 'ada' }, createdAt: 1000, expiresAt, revision: 1 }
  await store.write(id, record, null)
  return id
}

describe('another thread', () => {
  const program = (): URL => pathToFileURL(path.join(compiled(), 'aside-thread.js'))
  const reap = (signal?: AbortSignal) => reapAside(options(), 5000, signal, program())

  it('removes what is over, as the file says, and leaves nothing behind', async () => {
    const over = [await stored(4000), await stored(5000)]
    const live = await stored(9000)
    const edited = await stored(9000)
    const text = fs.readFileSync(file(edited), 'utf8')
    fs.writeFileSync(file(edited), text.replace('00:09', '00:04'))
    expect(await reap()).toBe(3)
    expect([...over, live, edited].map(lives)).toEqual([false, false, true, false])
    expect(fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))).toEqual([])
  })

  it('does not make a directory that is gone', async () => {
    fs.rmSync(dir, { recursive: true })
    expect(await reap()).toBe(0)
    expect(fs.existsSync(dir)).toBe(false)
  })

  it('says what failed as this one does', async () => {
    fs.rmSync(dir, { recursive: true })
    fs.writeFileSync(dir, 'no directory')
    await expect(reap()).rejects.toMatchObject({ name: 'VitrineError', code: 'STORE' })
  })

  it.each([
    ['is not there', 'file:///nowhere/aside-thread.js'],
    ['may not be started', 'http://127.0.0.1/aside-thread.js'],
    ['dies', `data:text/javascript,${encodeURIComponent('process.exit(1)')}`],
  ])('whose program %s is known as none', async (_, url) => {
    expect(await reapAside(options(), 5000, undefined, new URL(url))).toBeNull()
  })

  it.each(['before', 'meanwhile'])('is told to stop when the sweep is, %s', async (when) => {
    const waiting = `import { parentPort } from 'node:worker_threads'
      const none = { operations: 0, spent: 0 }
      let n, stopped = false
      parentPort.on('message', (calls) => {
        if (calls === 'stop') stopped = true
        else n = calls[0].n
        if (!stopped || n === undefined) return
        parentPort.postMessage({ answers: [{ n, value: 7 }], measured: { look: none, change: none } })
      })`
    const stop = new AbortController()
    if (when === 'before') stop.abort()
    const url = new URL(`data:text/javascript,${encodeURIComponent(waiting)}`)
    const reaped = reapAside(options(), 5000, stop.signal, url)
    stop.abort()
    expect(await reaped).toBe(7)
  })
})

describe('a sweep of many sessions', () => {
  /** It sees one again and again before it sees all. @returns also how often it looked at a session */
  async function sweep(seen: string, aside: Aside) {
    let looks = 0
    const io: Io = {
      ...nodeIo,
      elapsed: () => 0, // no slice is over: only what is asked here ends it
      async *entries(at) {
        for (let n = 0; n < MANY; n += 500) yield Array<string>(500).fill(`${seen}.json`)
        yield* nodeIo.entries(at)
      },
      open(...args) {
        if (args[0].endsWith('.json')) looks++
        return nodeIo.open(...args)
      },
    }
    const sweeping = fileStore({ dir, io }, jsonLayout({}), aside) as Required<Store>
    return { removed: await sweeping.reap(5000), looks }
  }

  it('is left to another thread, which finds the lock free', async () => {
    const [live, over] = [await stored(9000), await stored(4000)]
    const { removed, looks } = await sweep(live, (now, signal) => store.reap(now, signal))
    expect(removed).toBe(1)
    expect([live, over].map(lives)).toEqual([true, false])
    expect(looks).toBeLessThan(MANY)
  })

  it('is made here where the program of the thread is not beside the store', async () => {
    const [live, over] = [await stored(9000), await stored(4000)]
    for (let n = 0; n < MANY; n++) fs.writeFileSync(file(createId()), 'no session')
    expect(await openFiles({ dir }, jsonLayout({}), 'json').reap(5000)).toBe(1)
    expect([live, over].map(lives)).toEqual([true, false])
  })

  it('is made here where there is no other thread', async () => {
    const [live, over] = [await stored(9000), await stored(4000)]
    let asked = 0
    const { removed, looks } = await sweep(live, async () => (asked++, null))
    expect([removed, asked]).toEqual([1, 1])
    expect([live, over].map(lives)).toEqual([true, false])
    expect(looks).toBeGreaterThan(MANY)
  })

  it('ends here when another process sweeps since', async () => {
    const [live, over] = [await stored(9000), await stored(4000)]
    const lock = path.join(dir, '.vitrine', 'locks', 'reaper')
    const { removed } = await sweep(live, async () => {
      fs.renameSync(path.join(lock, 'free'), path.join(lock, 'other'))
      return null
    })
    expect(removed).toBe(0)
    expect([live, over].map(lives)).toEqual([true, true])
    expect(fs.readdirSync(lock)).toEqual(['other'])
  })
})
