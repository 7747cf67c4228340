import { describe, expect, it } from 'vitest'
import { queueByKey } from './queue.ts'

function later(): { done: Promise<void>; finish: () => void } {
  let finish = () => {}
  const done = new Promise<void>((resolve) => (finish = resolve))
  return { done, finish }
}

describe('a queue by key', () => {
  it('runs one after another under one key, also after a failure, and keys side by side', async () => {
    const inTurn = queueByKey()
    const order: string[] = []
    const first = later()
    const one = inTurn('a', async () => {
      await first.done
      order.push('a1')
      throw new Error('a1 failed')
    })
    const two = inTurn('a', async () => order.push('a2'))
    await inTurn('b', async () => order.push('b'))
    first.finish()
    await expect(one).rejects.toThrow('a1 failed')
    await two
    expect(order).toEqual(['b', 'a1', 'a2'])
    expect(await inTurn('a', async () => 'again')).toBe('again')
  })

  it('does not queue without a key', async () => {
    const inTurn = queueByKey()
    const never = later()
    void inTurn('', () => never.done)
    expect(await inTurn('', async () => 'at once')).toBe('at once')
  })
})
