import { describe, it } from 'vitest'
import { SCENES } from './scenes.ts'
import { setStage, STATES, strikeFrom } from './sweep.ts'

/**
 * A disk in memory breaks, fills up or becomes read-only at each operation of every call, and stays so until the call has
 * given up. Afterwards `sweep.ts` looks at everything that must hold.
 */

describe.each(SCENES)('$name', { timeout: 120_000 }, (scene) => {
  it.each(Object.keys(STATES))('survives %s, and goes on when that is over', async (state) => {
    for (const durability of ['crash', 'power'] as const) {
      await strikeFrom(await setStage(scene, { format: 'json', durability }), state)
    }
  })
})
