import { describe, expect, it } from 'vitest'
import { CODES, FAULTS, type Fault } from './intercept.ts'
import { randomFrom } from './random.ts'
import { SCENES } from './scenes.ts'
import { setStage, strikeEach, strikePairs } from './sweep.ts'
import type { Setting } from './world.ts'

/**
 * Every operation of every call is made to fail, on a disk in memory. After each fault `sweep.ts` looks at
 * everything that must hold: the old state or the new one, no leak, and the next call works.
 */

const JSON_FILES: readonly Setting[] = [
  { format: 'json', durability: 'crash' },
  { format: 'json', durability: 'power' },
]
const YAML_FILES: readonly Setting[] = [
  { format: 'yaml', durability: 'crash' },
  { format: 'yaml', durability: 'power' },
]

/** The operations are the same for both formats: of the codes, YAML files get one of each kind. */
const SOME: readonly Fault[] = ['EIO', 'ENOENT', 'short', 'done']

describe.each(SCENES)('$name', { timeout: 120_000 }, (scene) => {
  it('survives the failure of each of its operations, in each way', async () => {
    for (const setting of JSON_FILES) {
      const stage = await setStage(scene, setting)
      const faults = await strikeEach(stage, FAULTS)
      expect(faults).toBeGreaterThanOrEqual(stage.operations * CODES.length)
    }
    for (const setting of YAML_FILES) {
      const stage = await setStage(scene, setting)
      expect(await strikeEach(stage, SOME)).toBeGreaterThanOrEqual(stage.operations * 2)
    }
  })

  it('survives two failures in a row', async () => {
    const random = randomFrom(20_261_122)
    for (const setting of [...JSON_FILES, ...YAML_FILES]) {
      expect(await strikePairs(await setStage(scene, setting), random, 40)).toBeGreaterThan(20)
    }
  })
})
