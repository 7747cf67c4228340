import { compiled } from '../compiled.ts'
import { killWriters, type Toll } from './killed.ts'
import { noDisk, type Kind } from './mounts.ts'
import { cutPower, type Outage } from './power.ts'

/** What the suites beside this one do, for as long as wanted, and different for each seed. */
export interface Soak {
  readonly seed: number
  readonly milliseconds: number
}

/** Kills processes at random moments of their work. */
export async function soakKills({ seed, milliseconds }: Soak): Promise<Toll> {
  const dist = compiled()
  const over = performance.now() + milliseconds
  const sum: Toll = { kills: 0, acknowledged: 0, problems: [] }
  for (let round = 0; performance.now() < over; round++) {
    const { kills, acknowledged, problems } = await killWriters(seed * 10_000 + round * 10, dist)
    sum.kills += kills
    sum.acknowledged += acknowledged
    sum.problems.push(...problems)
  }
  return sum
}

/**
 * Cuts the power of one file system after the other, half of the time each.
 * @returns what each lost, or why it cannot be tried here
 */
export async function soakPower(soak: Soak): Promise<Record<Kind, Outage | string>> {
  const half = { ...soak, milliseconds: soak.milliseconds / 2, dist: compiled() }
  const cut = async (kind: Kind) =>
    (await noDisk(kind)) || cutPower({ kind, durability: 'power', ...half })
  return { ext4: await cut('ext4'), xfs: await cut('xfs') }
}
