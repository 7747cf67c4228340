import { describe, expect, it } from 'vitest'
import { crash, newTally, type Tally } from './crash-check.ts'
import type { Model } from './crash-states.ts'
import { meeting, PLOTS, recorded, type Plot, type Work } from './plots.ts'
import { randomFrom } from './random.ts'
import type { Setting } from './world.ts'

/**
 * A machine or a process goes down after each operation, and a new process opens what is left. `crash-states.ts`
 * makes every disk that there may be then (after an idea of ALICE, OSDI '14); `crash-check.ts` looks at each.
 *
 * Found, and asserted here:
 * - a killed process loses nothing that was acknowledged, and leaves nothing that stops others;
 * - with `durability: 'power'` the same holds for a power cut, in every model of a disk;
 * - with `'crash'` a power cut may leave each session in a state that it had before (also one that was destroyed or
 *   renewed since), or set aside as unreadable, which is no session. Never a mixture, never a part.
 */

const POWER_CUTS: readonly Model[] = ['ordered', 'posix', 'reordering']

async function crashAll(
  plots: readonly Plot[],
  models: readonly Model[],
  setting: Setting,
): Promise<Tally> {
  const tally = newTally()
  const random = randomFrom(20_261_122)
  for (const plot of plots) {
    const log = await recorded(plot, setting)
    for (const model of models) await crash(log, model, random, tally)
  }
  return tally
}

/** Two processes meet: the first is stopped before each of its operations. */
const PAIRS: readonly [Work, Work][] = [
  ['update', 'change'],
  ['update', 'update'],
  ['update', 'destroy'],
  ['update', 'delete'],
  ['destroy', 'change'],
  ['destroy', 'destroy'],
  ['destroy', 'delete'],
  ['delete', 'change'],
]
const MEETINGS = PAIRS.flatMap(([mine, theirs]) =>
  Array.from({ length: 27 }, (_, at) => at + 1).flatMap((nth) =>
    [true, false].map((goesOn) => meeting(mine, theirs, nth, goesOn)),
  ),
)

describe('a killed process', { timeout: 120_000 }, () => {
  it.each<Setting>([
    { format: 'json', durability: 'crash' },
    { format: 'json', durability: 'power' },
    { format: 'yaml', durability: 'crash' },
  ])('loses nothing ($format, $durability)', async (setting) => {
    const { distinct, promised, earlier, missing } = await crashAll(
      [...PLOTS, ...MEETINGS],
      ['kill'],
      setting,
    )
    expect(distinct).toBeGreaterThan(500)
    expect(promised).toBeGreaterThanOrEqual(distinct)
    expect({ earlier, missing }).toEqual({ earlier: 0, missing: 0 })
  })
})

describe("a power cut, with durability: 'power'", { timeout: 120_000 }, () => {
  const setting: Setting = { format: 'json', durability: 'power' }

  it.each(PLOTS)('loses nothing of $name', async (plot) => {
    const { states, earlier, missing } = await crashAll([plot], POWER_CUTS, setting)
    expect(states).toBeGreaterThan(300)
    expect({ earlier, missing }).toEqual({ earlier: 0, missing: 0 })
  })

  it('loses nothing of two processes that meet', async () => {
    const tally = await crashAll(MEETINGS, POWER_CUTS, setting)
    expect(tally.states).toBeGreaterThan(800_000)
    expect(tally).toMatchObject({ earlier: 0, missing: 0 })
  })
})

describe("a power cut, with durability: 'crash'", { timeout: 120_000 }, () => {
  it.each(PLOTS)('leaves an earlier state of $name, or none, never a part of one', async (plot) => {
    const tally = await crashAll([plot], POWER_CUTS, { format: 'json', durability: 'crash' })
    expect(tally.promised).toBeGreaterThan(100)
    expect(tally.earlier).toBeGreaterThan(0)
  })

  it('leaves no part of a YAML file either, which mostly is YAML too', async () => {
    const plots = PLOTS.filter(({ name }) => name === 'merge' || name === 'update, destroy')
    const tally = await crashAll(plots, ['posix'], { format: 'yaml', durability: 'crash' })
    expect(tally.missing).toBeGreaterThan(500)
  })
})
