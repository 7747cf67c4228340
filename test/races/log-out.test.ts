import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { compiled } from '../compiled.ts'
import { pick, randomFrom } from '../faults/random.ts'
import {
  ground,
  schedule,
  told,
  type Ground,
  type Racer,
  type Result,
  type Turn,
} from './racers.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const random = randomFrom(seed)

let dist: string
beforeAll(() => (dist = process.env['DIST'] ?? compiled()), 120_000)

let world: Ground
let slow: Racer
let leaving: Racer
beforeEach(async () => {
  world = ground(dist)
  ;[slow, leaving] = await Promise.all([world.racer(), world.racer()])
})
afterEach(() => world[Symbol.asyncDispose]())

/** Ten minutes later a cookie is due, if only the session is still there. */
const LATER = 600_000

/** Up to 1.5 ms earlier or later, in ns. */
const jitter = () => random(3e6) - 1.5e6

/** Both processes go for each session at about the same time. */
async function race(
  ids: readonly string[],
  acts: readonly Turn['act'][],
  end: Turn['act'] = 'destroy',
): Promise<[Result[], Result[]]> {
  const times = schedule(ids.length)
  const turns = (choose: () => Turn['act']) =>
    ids.map((id, n) => ({ id, act: choose(), name: 'late', at: times[n]! + jitter() }))
  return Promise.all([
    slow.go(
      turns(() => pick(random, acts)),
      LATER,
    ),
    leaving.go(turns(() => end)),
  ])
}

describe(`a log-out in another process (seed ${seed})`, { timeout: 120_000 }, () => {
  it('is final in 500 of 500 races with a request that has changes in its hands', async () => {
    const ids = await world.sessions(500)
    await Promise.all([slow.hold(ids), leaving.hold(ids)])
    const acts = ['change', 'update', 'flash'] as const
    const [late, gone] = await race(ids.slice(0, 400), acts)
    gone.push(...(await leaving.go(turnsNow(ids.slice(400), 'destroy'))))
    late.push(...(await slow.go(turnsNow(ids.slice(400), 'change'), LATER))) // these come too late for certain

    expect((await world.stored()).size).toBe(0)
    for (const result of gone) {
      expect(told(result)).toEqual(['destroyed'])
      expect(result.cookies).toEqual([expect.stringContaining('Max-Age=0')])
    }
    const won = late.filter((result) => told(result)[0] === 'written')
    const lost = late.filter((result) => told(result)[0] === 'lost: destroyed')
    expect(won.length + lost.length).toBe(500)
    expect(lost.length).toBeGreaterThanOrEqual(100)
    for (const result of lost) expect(result.cookies).toEqual([])
    for (const result of won) expect(result.cookies).toHaveLength(1)
  })

  it('is final in 200 of 200 races with a request that only looked, and is due to be touched', async () => {
    const ids = await world.sessions(200)
    await Promise.all([slow.hold(ids), leaving.hold(ids)])
    const [late] = await race(ids, ['look'])
    expect((await world.stored()).size).toBe(0)
    for (const result of late) {
      expect([[], ['touched']]).toContainEqual(told(result))
      expect(result.cookies).toHaveLength(told(result).length)
    }
  })

  it('leaves nothing, or the new id alone, in 200 of 200 races with a renewal', async () => {
    const ids = await world.sessions(200)
    await Promise.all([slow.hold(ids), leaving.hold(ids)])
    const [late] = await race(ids, ['renew'])
    const stored = await world.stored()
    const renewed = late.filter((result) => told(result)[0] === 'renewed')
    const lost = late.filter((result) => told(result)[0] === 'lost: destroyed')
    expect(renewed.length + lost.length).toBe(200)
    for (const result of lost) expect(result.cookies).toEqual([])
    expect(stored.size).toBe(renewed.length)
    for (const { id, cookies } of renewed) {
      const next = /^id=(\w+);/.exec(cookies[0]!)![1]!
      expect(stored.get(next)?.data).toEqual({ login: ids.indexOf(id), late: true })
      stored.delete(next)
    }
    expect(stored.size).toBe(0)
  })

  it.each(['write', 'touch'] as const)(
    'is final in 200 of 200 races with a store that is asked to %s without a pause',
    async (act) => {
      const ids = await world.sessions(200)
      const [late] = await race(ids, [act], 'delete')
      expect(late).toHaveLength(200)
      expect((await world.stored()).size).toBe(0)
    },
  )
})

describe(`a reset in another process (seed ${seed})`, { timeout: 120_000 }, () => {
  it('ends every session there was, whatever is being stored, renewed or touched', async () => {
    for (let round = 0; round < 10; round++) {
      const ids = await world.sessions(40)
      await slow.hold(ids)
      const acts = ['change', 'update', 'renew', 'look'] as const
      const times = schedule(ids.length)
      const turns = ids.map((id, n) => ({
        id,
        act: pick(random, acts),
        name: 'late',
        at: times[n]!,
      }))
      const [late] = await Promise.all([
        slow.go(turns, LATER),
        leaving.go([{ id: '', act: 'reset', at: times[random(30)]! }]),
      ])
      expect((await world.stored()).size).toBe(0)
      for (const result of late.filter((one) => told(one)[0]?.startsWith('lost'))) {
        expect(result.cookies).toEqual([])
      }
    }
  })
})

function turnsNow(ids: readonly string[], act: Turn['act']): Turn[] {
  return ids.map((id) => ({ id, act, name: 'late', at: 0 }))
}
