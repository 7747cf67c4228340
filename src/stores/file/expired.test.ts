import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createId } from '../../core/id.ts'
import type { SessionRecord, Store } from '../../core/store.ts'
import { nodeIo, type Io } from './io.ts'
import { jsonStore } from './json-store.ts'

let dir: string
let store: Required<Store>
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-'))
  store = jsonStore(dir) as Required<Store>
})
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }))

const record = (expiresAt: number): SessionRecord => ({
  data: { user: 'ada' },
  createdAt: 1000,
  expiresAt,
  revision: 1,
})
const file = (id: string): string => path.join(dir, `${id}.json`)
const leftovers = (): string[] => fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))

/** The same directory, as another process sees it whose reads and removals are watched. */
function sweeping(change: Partial<Io>): Required<Store> {
  return jsonStore({ dir, io: { ...nodeIo, ...change } }) as Required<Store>
}

describe('a sweep', () => {
  it('removes what is over and leaves nothing behind', async () => {
    const [over, live, never] = [createId(), createId(), createId()]
    await store.write(over, record(5000), null)
    await store.write(live, record(9000), null)
    await store.write(never, record(Infinity), null)
    expect(await store.reap(5000)).toBe(1)
    expect(fs.existsSync(file(over))).toBe(false)
    expect(fs.existsSync(file(live)) && fs.existsSync(file(never))).toBe(true)
    expect(leftovers()).toEqual([])
    expect(await store.reap(5000)).toBe(0)
  })

  it('reads the beginning only of what goes on', async () => {
    for (let n = 0; n < 20; n++) await store.write(createId(), record(9000), null)
    let longest = 0
    const other = sweeping({
      read(fd, buffer, offset, length) {
        longest = Math.max(longest, length)
        return nodeIo.read(fd, buffer, offset, length)
      },
    })
    expect(await other.reap(5000)).toBe(0)
    expect(longest).toBe(256)
  })

  it('believes the whole file where its beginning was edited', async () => {
    const edits: [string, (text: string) => string, boolean][] = [
      [
        'expires by hand',
        (text) => text.replace('"1970-01-01T00:00:09.000Z"', '"1970-01-01T00:00:04.000Z"'),
        true,
      ],
      [
        'members in another order',
        (text) =>
          JSON.stringify(
            Object.fromEntries(Object.entries(JSON.parse(text) as object).toReversed()),
          ),
        false,
      ],
      ['another id', (text) => text.replace(/"id": "[^"]+"/, `"id": "${createId()}"`), false],
      ['no time', (text) => text.replace('"1970-01-01T00:00:09.000Z"', '"soon"'), false],
    ]
    for (const [what, edit, gone] of edits) {
      const id = createId()
      await store.write(id, record(9000), null)
      fs.writeFileSync(file(id), edit(fs.readFileSync(file(id), 'utf8')))
      expect(await store.reap(5000), what).toBe(gone ? 1 : 0)
      expect(fs.existsSync(file(id)), what).toBe(!gone)
      fs.rmSync(file(id), { force: true })
    }
  })

  it('lets others go on every few milliseconds, and stops when it is told', async () => {
    for (let n = 0; n < 30; n++) await store.write(createId(), record(5000), null)
    const stop = new AbortController()
    let now = 0
    let pauses = 0
    const other = sweeping({
      elapsed: () => (now += 3),
      async sleep() {
        if (++pauses === 20) stop.abort() // in the midst of the removals
      },
    })
    const removed = await other.reap(5000, stop.signal)
    expect(pauses).toBe(20)
    expect(removed).toBeGreaterThan(3)
    expect(removed).toBeLessThan(30)
    expect(await store.reap(5000)).toBe(30 - removed)
  })

  it('that is told to stop while it looks has removed nothing', async () => {
    for (let n = 0; n < 10; n++) await store.write(createId(), record(5000), null)
    const stop = new AbortController()
    let now = 0
    const other = sweeping({ elapsed: () => (now += 3), sleep: async () => stop.abort() })
    expect(await other.reap(5000, stop.signal)).toBe(0)
    expect(await store.reap(5000)).toBe(10)
  })

  it('removes many a part at a time, before it has looked at all', async () => {
    for (let n = 0; n < 1100; n++) {
      const id = createId()
      const text = JSON.stringify({ id, created: '2001-01-01', expires: '2001-01-02', data: {} })
      fs.writeFileSync(file(id), text)
    }
    let moved = 0
    let movedBeforeTheLastLook = 0
    const seen = new Set<string>()
    const other = sweeping({
      open(name, ...rest) {
        if (name.endsWith('.json') && !seen.has(name)) movedBeforeTheLastLook = moved
        seen.add(name)
        return nodeIo.open(name, ...rest)
      },
      rename(from, to) {
        nodeIo.rename(from, to)
        if (from.endsWith('.json')) moved++
      },
    })
    expect(await other.reap(Date.now())).toBe(1100)
    expect(movedBeforeTheLastLook).toBeGreaterThan(1000)
  })

  it.each([
    ['a slow disk', 1, 3],
    ['a quick disk', 0.1, 32],
  ])('from %s removes so many files at once that the app can work', async (_, takes, most) => {
    for (let n = 0; n < 50; n++) await store.write(createId(), record(5000), null)
    let now = 0
    let under = 0
    let highest = 0
    const other = sweeping({
      elapsed: () => now,
      async discard(found) {
        highest = Math.max(highest, ++under)
        await nodeIo.sleep(1)
        now += takes
        under--
        nodeIo.unlink(found)
      },
    })
    expect(await other.reap(5000)).toBe(50)
    expect([highest, leftovers()]).toEqual([most, []])
  })

  it.each([
    ['is alive', 'moves', 0],
    ['is dead', 'stays', 1],
    ['ends while it is waited for', 'ends later', 1],
    ['ends at once', 'ends', 1],
  ])('of another process that %s comes first', async (_, holder, removed) => {
    await store.write(createId(), record(5000), null)
    expect(await store.reap(1)).toBe(0) // the lock is there
    const lock = path.join(dir, '.vitrine', 'locks', 'reaper')
    const held = path.join(lock, 'other')
    fs.renameSync(path.join(lock, 'free'), held)
    const letGo = (): void => fs.renameSync(held, path.join(lock, 'free'))
    const other = sweeping({
      readdir(found) {
        const names = nodeIo.readdir(found)
        if (holder === 'ends' && names.includes('other')) letGo()
        return names
      },
      async sleep(ms) {
        if (ms < 1000) return
        if (holder === 'moves') fs.renameSync(held, path.join(lock, 'other-2'))
        if (holder === 'ends later') letGo()
      },
    })
    expect(await other.reap(5000)).toBe(removed)
  })

  it('that is stopped and taken over removes nothing that was stored meanwhile', async () => {
    const id = createId()
    const version = await store.write(id, record(5000), null)
    let stopped = false
    // stopped for longer than the lease, right before it moves the file away
    const other = sweeping({
      rename(from, to) {
        if (from === file(id) && !stopped) {
          stopped = true
          const [way] = fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))
          fs.rmdirSync(path.join(dir, '.vitrine', 'tmp', way as string)) // what a take-over does
          fs.writeFileSync(file(id), fs.readFileSync(file(id), 'utf8').replace('00:05', '00:09'))
        }
        nodeIo.rename(from, to)
      },
    })
    expect(await other.reap(5000)).toBe(0)
    expect(stopped && version !== null).toBe(true)
    expect((await store.read(id))?.record.expiresAt).toBe(9000)
  })
})
