import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  createEngine,
  createSessions,
  jsonStore,
  memoryStore,
  VitrineError,
  type Header,
  type Sessions,
  type SessionEvent,
  type SessionRecord,
} from '../../src/index.ts'
import { nodeIo } from '../../src/files.ts'
import { compiled } from '../compiled.ts'
import { randomFrom } from '../faults/random.ts'
import { ground, schedule, told, type Ground, type Result, type Turn } from './racers.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const random = randomFrom(seed)

let dist: string
beforeAll(() => (dist = process.env['DIST'] ?? compiled()), 120_000)

let world: Ground
beforeEach(() => (world = ground(dist)))
afterEach(() => world[Symbol.asyncDispose]())

/** The sessions of each login that a client could use. */
function liveOf(stored: ReadonlyMap<string, SessionRecord>): Map<number, SessionRecord[]> {
  const byLogin = new Map<number, SessionRecord[]>()
  for (const record of stored.values()) {
    if (record.retired) continue
    const login = record.data['login'] as number
    byLogin.set(login, [...(byLogin.get(login) ?? []), record])
  }
  return byLogin
}

describe(`two renewals of one session at once (seed ${seed})`, { timeout: 120_000 }, () => {
  it('in two processes leave one session and lose no change that was stored, 200 times', async () => {
    const ids = await world.sessions(200)
    const racers = await Promise.all([world.racer(), world.racer(), world.racer()])
    await Promise.all(racers.map((racer) => racer.hold(ids)))
    const times = schedule(ids.length)
    const turns = (act: Turn['act'], name: string) =>
      ids.map((id, n) => ({ id, act, name, at: times[n]! + random(1.5e6) }))
    const [one, two, other] = await Promise.all([
      racers[0].go(turns('renew', 'one')),
      racers[1].go(turns('renew', 'two')),
      racers[2].go(turns('change', 'other')),
    ])

    const stored = await world.stored()
    const live = liveOf(stored)
    for (const [n, id] of ids.entries()) {
      const [won, lost] = [one[n]!, two[n]!].sort((a, b) => b.cookies.length - a.cookies.length)
      expect(told(won!)).toContain('renewed')
      expect(told(lost!)).toEqual(['lost: renewed'])
      expect(lost!.cookies).toEqual([])
      const next = /^id=(\w+);/.exec(won!.cookies[0]!)![1]!
      const name = won === one[n] ? 'one' : 'two'
      const isKept = told(other[n]!).includes('written')
      expect(isKept ? [] : ['lost: renewed']).toEqual(isKept ? [] : told(other[n]!))
      expect(stored.get(next)!.data).toEqual({
        login: n,
        [name]: true,
        ...(isKept && { other: true }),
      })
      const { retired, data } = stored.get(id)!
      expect({ retired, data }).toEqual({ retired: true, data: {} })
      expect(live.get(n)).toHaveLength(1)
    }
  })

  /** A request that has its session and is about to end. */
  async function renewing(sessions: Sessions, id: string, name: string): Promise<Commit> {
    const session = await sessions.open({ headers: { get: () => `id=${id}` } })
    session.data[name] = true
    session.renew()
    return async () => sessions.commit(session)
  }
  type Commit = () => Promise<readonly Header[]>

  it.each([
    ['one engine', () => 0],
    ['two engines', (n: number) => n],
  ])('in one process with %s leave one session, 200 times', async (_, which) => {
    const events: SessionEvent[] = []
    const both = [0, 1].map(() =>
      createSessions({ store: jsonStore(world.dir), report: (event) => events.push(event) }),
    )
    for (const [n, id] of (await world.sessions(200)).entries()) {
      const opened = await Promise.all(
        [0, 1].map((at) => renewing(both[which(at)]!, id, `by${at}`)),
      )
      const answers = await Promise.all(opened.map((commit) => commit()))
      const cookies = answers.flatMap((headers) =>
        headers.filter(([name]) => name === 'set-cookie'),
      )
      expect(cookies).toHaveLength(1)
      const next = /^id=(\w+);/.exec(cookies[0]![1])![1]!
      expect((await world.store.read(next))!.record.data['login']).toBe(n)
    }
    expect([...liveOf(await world.stored()).values()].map((live) => live.length)).toEqual(
      Array.from({ length: 200 }, () => 1),
    )
    expect(events.filter(({ type }) => type === 'lost')).toHaveLength(200)
  })
})

describe('a renewal that is killed', { timeout: 120_000 }, () => {
  it('before any of its file operations leaves the old session or the new one, whole', async () => {
    const whole = await world.racer({ killAt: 1_000_000 })
    const [first] = await world.sessions(1)
    await whole.hold([first!])
    const [{ operations }] = (await whole.go([renewal(first!)])) as [Result]
    expect(operations).toBeGreaterThan(10)

    let old = 0
    for (let from = 1; from <= operations; from += 3) {
      const steps = Array.from({ length: Math.min(3, operations - from + 1) }, (_, n) => from + n)
      const ids = await world.sessions(steps.length)
      await Promise.all(
        steps.map(async (killAt, n) => {
          const racer = await world.racer({ killAt })
          await racer.hold([ids[n]!])
          const outcome = racer.go([renewal(ids[n]!)])
          // where its lock is there already, it has fewer operations
          const [result] = await outcome.catch(() => [])
          if (result) expect(told(result)).toContain('renewed')
          else expect(racer.child.signalCode).toBe('SIGKILL')
        }),
      )
      const stored = await world.stored()
      for (const id of ids) {
        const left = stored.get(id)!
        if (!left.retired) {
          old++
          expect(left.data).toEqual({ login: ids.indexOf(id) })
        }
      }
      // a copy under an id that nobody knows may be left beside the old one, never instead of it
      const renewed = [...stored.values()].filter(({ data }) => data['renewed'] === true)
      expect(renewed.length).toBeGreaterThanOrEqual(
        ids.filter((id) => stored.get(id)!.retired).length,
      )
      await world.store.wipe!()
    }
    expect(old).toBeGreaterThan(5)
    expect(old).toBeLessThan(operations)
  })

  const renewal = (id: string): Turn => ({ id, act: 'renew', name: 'renewed', at: 0 })
})

describe('a renewal while everything is wiped', () => {
  it('does not outlive the wipe under an id that the wipe has not seen', async () => {
    const { id } = await createEngine({ store: world.store }).create({ login: 0 })
    const busy = createEngine({ store: world.store })
    let isFirst = true
    const store = jsonStore({
      dir: world.dir,
      io: {
        ...nodeIo,
        async *entries(path) {
          const names: string[] = []
          for await (const some of nodeIo.entries(path)) names.push(...some)
          if (isFirst) {
            isFirst = false
            const session = (await busy.retrieve(id))!
            session.renew()
            await busy.flush(session)
          }
          yield names
        },
      },
    })
    await createEngine({ store }).reset()
    expect((await world.stored()).size).toBe(0)
  })

  it('is lost when the wipe takes its new record first and then the old one', async () => {
    const inner = memoryStore()
    const other = createEngine({ store: inner })
    const { id } = await other.create({ login: 0 })
    const events: SessionEvent[] = []
    let newId = ''
    let step = 0
    const engine = createEngine({
      report: (event) => events.push(event),
      store: {
        ...inner,
        async write(at, record, expected) {
          step++
          if (step === 1) newId = at
          if (step === 2) {
            // it is about to retire the old id: somebody else is quicker, and the wipe begins
            const { record: old, version } = (await inner.read(id))!
            await inner.write(id, { ...old, revision: 2, data: { login: 0, more: true } }, version)
          }
          if (step === 3) await inner.delete(newId)
          if (step === 5) await inner.delete(id)
          return inner.write(at, record, expected)
        },
      },
    })
    const session = (await engine.retrieve(id))!
    session.renew()
    await expect(engine.flush(session)).rejects.toBeInstanceOf(VitrineError)
    expect(events.map(({ type }) => type)).toEqual(['lost'])
    expect(await inner.read(newId)).toBeNull()
    expect(await inner.read(id)).toBeNull()
  })
})
