import { expect, it } from 'vitest'
import { inBatches } from './batches.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

it('what is said within a turn of the event loop goes out together, four at most, in order', async () => {
  const sent: number[][] = []
  const say = inBatches<number>((some) => sent.push(some))
  for (let n = 1; n <= 6; n++) say(n)
  expect(sent).toEqual([[1, 2, 3, 4]])
  await turn()
  expect(sent).toEqual([
    [1, 2, 3, 4],
    [5, 6],
  ])
  say(7)
  await turn()
  await turn()
  expect(sent).toEqual([[1, 2, 3, 4], [5, 6], [7]])
})
