import { expect, it } from 'vitest'
import { crowdedSessions } from './crowded.ts'

it('a session is crowded for a moment after a lost race', () => {
  let now = 1_000_000
  const crowded = crowdedSessions(() => now)
  expect(crowded.has('a')).toBe(false)
  crowded.add('a')
  expect(crowded.has('a')).toBe(true)
  expect(crowded.has('b')).toBe(false)
  now += 999
  expect(crowded.has('a')).toBe(true)
  now += 1
  expect(crowded.has('a')).toBe(false)
})

it('a clock that jumps back ends the moment as well', () => {
  let now = 1_000_000
  const crowded = crowdedSessions(() => now)
  crowded.add('a')
  now -= 3_600_000
  expect(crowded.has('a')).toBe(false)
})

it('a thousand are remembered, those that lost last', () => {
  const crowded = crowdedSessions(() => 0)
  for (let n = 0; n < 1000; n++) crowded.add(`id${n}`)
  crowded.add('id0')
  crowded.add('one more')
  expect(crowded.has('id0')).toBe(true)
  expect(crowded.has('id1')).toBe(false)
  expect(crowded.has('one more')).toBe(true)
})
