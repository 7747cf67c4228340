import { expect, it } from 'vitest'
import { compiled } from '../compiled.ts'
import { soakFaults } from '../faults/soak.ts'
import { fuzz } from '../hostile/fuzz/fuzz.ts'
import { loadModules } from '../hostile/fuzz/modules.ts'
import { targets } from '../hostile/fuzz/targets.ts'
import { soakKills, soakPower } from '../kernel/soak.ts'
import { soakHistory } from '../races/soak.ts'

const minutes = Number(process.env['SOAK_MINUTES'] ?? 1)
const seed = Number(process.env['SOAK_SEED'] ?? 1)

/** Everything gets an equal share of the time, in rounds, each with a seed of its own. */
const ROUND = 60_000
const SUITES: readonly [
  string,
  (task: { seed: number; milliseconds: number }) => Promise<unknown>,
][] = [
  ['faults, stops and crashes on a disk in memory', soakFaults],
  ['hostile input, guided by the code that it reaches', fuzzAll],
  ['histories of processes under mischief', (task) => soakHistory({ ...task, dist: compiled() })],
  ['killed processes', soakKills],
  ['power cuts', soakPower],
]
const share = (minutes * 60_000) / SUITES.length

it.for(SUITES)('%s', async ([, soak]) => {
  const ends = performance.now() + share
  for (let round = 0; performance.now() < ends; round++) {
    const task = { seed: seed + round, milliseconds: Math.min(ROUND, ends - performance.now()) }
    const seen = await soak(task)
    const text = JSON.stringify(seen)
    console.log(`seed ${task.seed}: ${text}`)
    expect(text).not.toMatch(/"(problems|lost)":\["/)
  }
})

async function fuzzAll(task: { seed: number; milliseconds: number }): Promise<unknown> {
  const all = await targets(await loadModules())
  const seen: Record<string, unknown> = {}
  for (const target of all) {
    const milliseconds = task.milliseconds / all.length
    seen[target.name] = await fuzz(target, { seed: task.seed, milliseconds })
  }
  return seen
}
