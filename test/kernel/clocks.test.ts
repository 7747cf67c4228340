import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { nodeIo, type Io } from '../../src/files.ts'
import { cookie, createEngine, createSessions, jsonStore, type Engine } from '../../src/index.ts'
import { compiled } from '../compiled.ts'
import { isLinux, missing, newRoom, runs } from './ground.ts'
import { Worker } from './worker.ts'

/** Wall clocks that jump, stand still or are wrong: told to the app, and in a real process under faketime. */

const HOUR = 3_600_000
const DAY = 24 * HOUR
const YEAR = 365 * DAY
const START = Date.UTC(2026, 5, 1)

let room: string
let dir: string
let now: number
let engine: Engine
beforeEach(() => {
  room = newRoom()
  dir = path.join(room, 'sessions')
  now = START
  engine = engineAt()
})
afterEach(() => fs.rmSync(room, { recursive: true }))

/** An app whose clock is ours; the clock that never jumps runs fifty times as fast. */
function engineAt(): Engine {
  return createEngine({ store: jsonStore({ dir, io: ioAt() }), now: () => now, report() {} })
}

function ioAt(): Io {
  return {
    ...nodeIo,
    now: () => now,
    elapsed: () => nodeIo.elapsed() * 50,
    sleep: (ms) => nodeIo.sleep(ms / 50),
  }
}

/** How far the clock jumps while a session lies there that ends after two hours of silence. */
const JUMPS: readonly (readonly [string, number, 'live' | 'expired' | 'not yet'])[] = [
  ['not at all', 0, 'live'],
  ['an hour ahead', HOUR, 'live'],
  ['to the last millisecond', 2 * HOUR - 1, 'live'],
  ['to the very end', 2 * HOUR, 'expired'],
  ['a year ahead', YEAR, 'expired'],
  ['to 2040', Date.UTC(2040, 0, 1) - START, 'expired'],
  ['an hour back', -HOUR, 'live'],
  ['23 hours back', -23 * HOUR, 'live'],
  ['two days back', -2 * DAY, 'not yet'],
  ['a year back', -YEAR, 'not yet'],
]

describe.each(JUMPS)('a clock that jumps %s', (_, jump, state) => {
  it(`finds the session ${state}`, async () => {
    const { id } = await engine.create({ n: 1 })
    now += jump
    expect((await engine.retrieve(id))?.data).toEqual(state === 'live' ? { n: 1 } : undefined)
    expect((await engineAt().retrieve(id))?.data).toEqual(state === 'live' ? { n: 1 } : undefined)
    now -= jump
    expect((await engine.retrieve(id))?.data).toEqual({ n: 1 }) // looking took nothing away
  })

  it('sweeps away what is expired by it, and nothing else', async () => {
    const { id } = await engine.create({ n: 1 })
    now += jump
    const { id: next } = await engine.create({ n: 2 })
    expect(await jsonStore(dir).reap!(now)).toBe(state === 'expired' ? 1 : 0)
    expect((await engine.retrieve(next))?.data).toEqual({ n: 2 })
    now -= jump
    expect((await engine.retrieve(id))?.data).toEqual(state === 'expired' ? undefined : { n: 1 })
  })

  it('loses no update of what was open before, or is opened after', async () => {
    const { id } = await engine.create({ n: 0 })
    const before = await Promise.all(Array.from({ length: 4 }, () => opened(id)))
    now += jump
    const live = state === 'live' ? id : (await engine.create({ n: 0 })).id
    const after = await Promise.all(Array.from({ length: 4 }, () => opened(live)))
    const counted = state === 'live' ? [...before, ...after] : after
    await Promise.all(counted.map((count) => count()))
    expect((await engine.retrieve(live))?.data).toEqual({ n: counted.length })
    expect(fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))).toEqual([])
  })
})

/** A session that another process has open. @returns counts in it and stores that */
async function opened(id: string): Promise<() => Promise<unknown>> {
  const other = engineAt()
  const session = (await other.retrieve(id))!
  return () => {
    session.update((data) => void (data['n'] = (data['n'] as number) + 1))
    return other.flush(session)
  }
}

describe('a lock that is held', () => {
  it.each([-YEAR, -HOUR, HOUR, YEAR])(
    'by nobody who lives is taken over although the clock jumps by %d ms',
    async (jump) => {
      const { id } = await engine.create({ n: 0 })
      const locks = path.join(dir, '.vitrine', 'locks')
      for (const name of fs.readdirSync(locks)) {
        const [last] = fs.readdirSync(path.join(locks, name))
        fs.renameSync(path.join(locks, name, last as string), path.join(locks, name, 'dead'))
      }
      const count = await opened(id)
      const counted = count()
      now += jump
      await counted
      now -= jump
      expect((await engine.retrieve(id))?.data).toEqual({ n: 1 })
    },
  )

  it('by a writer is not lost to a sweep whose clock is a year ahead', async () => {
    const { id } = await engine.create({ n: 0 })
    const ahead = jsonStore({ dir, io: { ...ioAt(), now: () => START + YEAR } })
    const sweeping = new AbortController()
    const swept = (async () => {
      while (!sweeping.signal.aborted) await ahead.reap!(START)
    })()
    for (let n = 0; n < 100; n++) {
      const count = await opened(id)
      await count()
    }
    sweeping.abort()
    await swept
    expect((await engine.retrieve(id))?.data).toEqual({ n: 100 })
  })
})

describe('after 2038', () => {
  it.each([Date.UTC(2038, 0, 19, 3, 14, 8), Date.UTC(2040, 1, 29), Date.UTC(2099, 11, 31)])(
    'at %d a session lives, and its cookie lasts as long',
    async (then) => {
      now = then
      const store = jsonStore({ dir, io: ioAt() })
      const transport = cookie({ name: 'id' })
      const sessions = createSessions({ store, transport, now: () => now, report() {} })
      const session = await sessions.open({ headers: new Headers() })
      session.data['n'] = 1
      const headers = Object.fromEntries(await sessions.commit(session))
      expect(headers['set-cookie']).toContain('Max-Age=7200')
      expect(session.expiresAt).toBe(then + 2 * HOUR)
      const text = fs.readFileSync(path.join(dir, `${session.id}.json`), 'utf8')
      expect(text).toContain(`"expires": "${new Date(then + 2 * HOUR).toISOString()}"`)
      now += 2 * HOUR - 1
      expect((await engine.retrieve(session.id))?.data).toEqual({ n: 1 })
      now += 1
      expect(await engine.retrieve(session.id)).toBe(null)
    },
  )
})

const noFaketime = missing({
  Linux: isLinux,
  faketime: isLinux && runs('faketime', '-f', '+1h', 'true'),
})

describe.skipIf(noFaketime)(`a process whose system clock is wrong${noFaketime}`, () => {
  let dist: string
  let library: string
  let worker: Worker
  beforeAll(() => {
    dist = process.env['DIST'] ?? compiled()
    const say = ['-f', '+1h', 'printenv', 'LD_PRELOAD']
    library = execFileSync('faketime', say, { encoding: 'utf8' }).trim()
  }, 60_000)

  beforeEach(async () => {
    set('+0s')
    worker = await Worker.start(dist, dir, [], {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: path.join(room, 'clock'),
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      UV_USE_IO_URING: '0',
    })
  })
  afterEach(() => worker.end())

  /** From now on the clock is that much off, or stands still at that moment. */
  function set(clock: string): void {
    const file = path.join(room, 'clock')
    fs.writeFileSync(`${file}.new`, `${clock}\n`)
    fs.renameSync(`${file}.new`, file)
  }

  it.each([
    ['+1h', true],
    ['+3h', false],
    ['+365d', false],
    ['-1h', true],
    ['-2d', false],
  ])('by %s finds a session live: %s', async (clock, live) => {
    const id = await worker.do('create')
    set(clock)
    expect(await worker.do('read', id)).toBe(live ? 1 : null)
    set('+0s')
    expect(await worker.do('read', id)).toBe(1)
  })

  it.each(['-1h', '+1h', '-23h', '+5000d', '2040-02-29 12:00:00', '2030-01-01 00:00:00'])(
    'at %s stores, changes, reads, sweeps and removes sessions',
    async (clock) => {
      set(clock)
      const id = await worker.do('create')
      for (const n of [2, 3, 4]) {
        await worker.do('update', id, { n, size: n })
        expect(await worker.do('read', id)).toBe(n)
      }
      expect(await worker.do('reap')).toBe(0)
      expect(await worker.do('read', id)).toBe(4)
      await worker.do('destroy', id)
      expect(await worker.do('read', id)).toBe(null)
      expect(fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))).toEqual([])
    },
  )

  it('jumps again and again, and shares a session with one whose clock is right', async () => {
    const right = await Worker.start(dist, dir)
    try {
      const id = await worker.do('create')
      for (const [at, clock] of ['+1h', '-1h', '+30m', '-90m', '+0s', '+110m'].entries()) {
        set(clock)
        await Promise.all([worker.do('count', id, 'wrong'), right.do('count', id, 'right')])
        expect(await right.do('counts', id)).toEqual({ n: 1, wrong: at + 1, right: at + 1 })
      }
    } finally {
      await right.end()
    }
  })

  it.each(['-1h', '+1h', '-20h'])(
    'jumps by %s while it waits for a dead process',
    async (clock) => {
      const id = await worker.do('create')
      const locks = path.join(dir, '.vitrine', 'locks')
      for (const name of fs.readdirSync(locks)) {
        const [last] = fs.readdirSync(path.join(locks, name))
        fs.renameSync(path.join(locks, name, last as string), path.join(locks, name, 'dead'))
      }
      const update = worker.do('update', id, { n: 2, size: 1 })
      set(clock)
      await update
      set('+0s')
      expect(await worker.do('read', id)).toBe(2)
    },
  )
})
