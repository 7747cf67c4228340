import { crash, newTally, type Tally } from './crash-check.ts'
import type { Model } from './crash-states.ts'
import { countTogether, disks, ordersOf } from './interleave.ts'
import { meeting, PLOTS, recorded, type Work } from './plots.ts'
import { pick, randomFrom } from './random.ts'
import { SCENES } from './scenes.ts'
import { setStage, strikePairs } from './sweep.ts'
import type { Setting } from './world.ts'

const SETTINGS: readonly Setting[] = (['json', 'yaml'] as const).flatMap((format) =>
  (['crash', 'power'] as const).map((durability) => ({ format, durability })),
)
const MODELS: readonly Model[] = ['ordered', 'posix', 'reordering']
const WORKS: readonly Work[] = ['update', 'change', 'destroy', 'delete']

/** What a soak went through. */
export interface Soaked {
  faults: number
  /** How often three processes were stopped and went on. */
  meetings: number
  crashes: Tally
}

/**
 * Faults in pairs, processes that stop, and crashes, by chance, until the time is over.
 * @param options `seed`: the same one does the same things; `milliseconds`: how long, at least
 * @throws Error that says what does not hold
 */
export async function soakFaults(options: { seed: number; milliseconds: number }): Promise<Soaked> {
  const random = randomFrom(options.seed)
  const fresh = await disks()
  const end = performance.now() + options.milliseconds
  const soaked: Soaked = { faults: 0, meetings: 0, crashes: newTally() }
  do {
    const setting = pick(random, SETTINGS)
    soaked.faults += await strikePairs(await setStage(pick(random, SCENES), setting), random, 25)

    for (let n = 0; n < 25; n++) {
      const places = [1, 2, 3].map(() => ({ nth: 1 + random(40), of: 'operations' }) as const)
      await countTogether(fresh, places, pick(random, ordersOf(3)))
      soaked.meetings++
    }

    const first = pick(random, WORKS)
    const plot =
      random(2) === 0
        ? pick(random, PLOTS)
        : meeting(first, pick(random, WORKS), 1 + random(30), random(2) === 0)
    await crash(await recorded(plot, setting), pick(random, MODELS), random, soaked.crashes)
  } while (performance.now() < end)
  return soaked
}
