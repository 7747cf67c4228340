import { describe, expect, it } from 'vitest'
import { soakFaults } from './soak.ts'

describe('the soak', () => {
  it('takes a seed and a time, and says what it went through', { timeout: 60_000 }, async () => {
    const { faults, meetings, crashes } = await soakFaults({ seed: 3, milliseconds: 2000 })
    expect(faults).toBeGreaterThan(10)
    expect(meetings).toBeGreaterThan(10)
    expect(crashes.states).toBeGreaterThan(10)
  })
})
