import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createId, type SessionRecord } from '../../src/index.ts'
import { compiled } from '../compiled.ts'
import { pick, randomFrom } from '../faults/random.ts'
import { monotonic } from './history.ts'
import { ground, schedule, told, type Ground, type Result, type Turn } from './racers.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const random = randomFrom(seed)

let dist: string
beforeAll(() => (dist = process.env['DIST'] ?? compiled()), 120_000)

let world: Ground
beforeEach(() => (world = ground(dist)))
afterEach(() => world[Symbol.asyncDispose]())

const HOUR = 3_600_000

/** Whether a session was stored in a turn, with an end that is two hours later. */
const isUsed = (result: Result) => ['written', 'touched'].includes(told(result)[0]!)

/**
 * How long after its end a session has its turn, in ns: half of them about when it is swept, and enough before and after
 * that for a machine that is quicker or slower than one thinks.
 */
function turnAfterEnd(): number {
  const [from, until] = pick(random, [
    [-24e6, 0],
    [0, 28e6],
    [0, 28e6],
    [28e6, 228e6],
  ] as const)
  return from + random(until - from)
}

/**
 * What the clock of the wall shows at a moment of the monotonic one.
 * @param at in ns
 * @returns in ms, exact to one: read again when the machine has paused between the two clocks
 */
function wallClock(at: number): number {
  const before = monotonic()
  const now = Date.now()
  return monotonic() - before < 1e6 ? now + (at - before) / 1e6 : wallClock(at)
}

function record(expiresAt: number): SessionRecord {
  return { data: { user: 'ada' }, createdAt: Date.now(), expiresAt, revision: 1 }
}

describe(`sweeps (seed ${seed})`, { timeout: 120_000 }, () => {
  it('remove none of 600 sessions whose last moment was used, and bring none of the others back', async () => {
    const reapers = await Promise.all([world.racer({ slow: true }), world.racer()])
    const writers = await Promise.all([world.racer(), world.racer()])
    // an hour later one of them ends every 4 ms; all were opened before
    const first = Date.now() + HOUR
    const ids = Array.from({ length: 600 }, () => createId())
    for (const [n, id] of ids.entries()) await world.store.write(id, record(first + n * 4), null)
    const shares = [ids.filter((_, n) => n % 2 === 0), ids.filter((_, n) => n % 2 === 1)]
    await Promise.all(writers.map((writer, at) => writer.hold(shares[at]!)))

    const times = schedule(ids.length)
    const ahead = first - wallClock(times[0]!)
    const ends = reapers.map((reaper) => reaper.reap(ahead))
    const turnOf = (id: string): Turn => {
      const act = pick(random, ['change', 'update', 'look'] as const)
      return { id, act, name: 'late', at: times[ids.indexOf(id)]! + turnAfterEnd() }
    }
    const inTurn = (share: string[]) => share.map(turnOf).sort((a, b) => a.at - b.at)
    const results = await Promise.all(
      writers.map((writer, at) => writer.go(inTurn(shares[at]!), ahead)),
    )
    // the last to end are swept after the last turn
    await expect
      .poll(async () => (await world.stored()).size, { timeout: 20_000 })
      .toBe(results.flat().filter(isUsed).length)
    const removed = await Promise.all(ends.map((end) => end()))

    const stored = await world.stored()
    const all: Result[] = results.flat()
    const used = all.filter(isUsed)
    for (const { id, events } of used) {
      const { data, expiresAt } = stored.get(id)!
      expect(data).toEqual({ user: 'ada', ...(events[0]!.type === 'written' && { late: true }) })
      expect(expiresAt).toBeGreaterThan(first + HOUR)
    }
    const over = all.filter((result) => !used.includes(result))
    for (const result of over) {
      expect([[], ['lost: destroyed'], ['lost: expired']]).toContainEqual(told(result))
      expect(result.cookies).toEqual([])
      expect(stored.get(result.id)).toBeUndefined()
    }
    expect(used.length).toBeGreaterThan(50)
    expect(over.length).toBeGreaterThan(50)
    expect(removed[0]! + removed[1]!).toBe(over.length)
  })

  it('of four processes at once remove each expired session once, and no other', async () => {
    const reapers = await Promise.all([0, 1, 2, 3].map(() => world.racer()))
    const ids = Array.from({ length: 1000 }, () => createId())
    const isOver = (n: number) => n % 4 > 0
    const ends = reapers.map((reaper) => reaper.reap())
    for (const [n, id] of ids.entries()) {
      const expiresAt = Date.now() + (isOver(n) ? -1 : HOUR)
      await world.store.write(id, record(expiresAt), null)
    }
    await expect.poll(async () => (await world.stored()).size, { timeout: 20_000 }).toBe(250)
    const removed = await Promise.all(ends.map((end) => end()))
    expect(removed.reduce((sum, count) => sum + count)).toBe(750)
    expect(new Set((await world.stored()).keys())).toEqual(
      new Set(ids.filter((_, n) => !isOver(n))),
    )
  })
})
