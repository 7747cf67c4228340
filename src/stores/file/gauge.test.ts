import { constants } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { gauge, type Gauge, type Kind } from './gauge.ts'
import { nodeIo, type Io } from './io.ts'

const NONE = { operations: 0, spent: 0 }

/** A disk of which each operation takes as long as it is told, by a clock of its own. */
function disk(): { io: Io; pass: (ms: number) => void; takes: { ms: number } } {
  let now = 0
  const takes = { ms: 0 }
  const work = <T>(result: T) => {
    now += takes.ms
    return result
  }
  const io: Io = {
    ...nodeIo,
    elapsed: () => now,
    open: () => work(3),
    lstat: () => work(undefined),
    rename: () => work(undefined),
    unlink() {
      work(undefined)
      throw new Error('EIO')
    },
  }
  return { io, takes, pass: (ms) => (now += ms) }
}

/** A second in which the disk is used so often. */
function second(
  { pass, takes }: ReturnType<typeof disk>,
  measured: Gauge,
  kind: Kind,
  times: number,
): boolean {
  measured.isSlow(kind)
  for (let n = 0; n < times; n++) {
    if (kind === 'look') measured.io.lstat('/x')
    else measured.io.rename('/x', '/y')
  }
  pass(1000 - times * takes.ms)
  return measured.isSlow(kind)
}

describe('a disk', () => {
  it('that is hardly used is not slow, whatever it takes', () => {
    const slow = disk()
    slow.takes.ms = 10
    expect(second(slow, gauge(slow.io), 'look', 4)).toBe(false)
  })

  it('that is quick is not slow, however often it is used', () => {
    const quick = disk()
    quick.takes.ms = 0.005
    const measured = gauge(quick.io)
    expect(second(quick, measured, 'look', 20_000)).toBe(false)
    quick.takes.ms = 0.004
    expect(second(quick, measured, 'change', 20_000)).toBe(false)
  })

  it.each<[Kind, number]>([
    ['look', 0.2],
    ['change', 0.2],
  ])('whose %ss take a twentieth of the time is slow; one that rests is not', (kind, ms) => {
    const tried = disk()
    tried.takes.ms = ms
    const measured = gauge(tried.io)
    expect(second(tried, measured, kind, 300)).toBe(true)
    expect(measured.isSlow(kind === 'look' ? 'change' : 'look')).toBe(false)
    expect(second(tried, measured, kind, 100)).toBe(true)
    expect(second(tried, measured, kind, 40)).toBe(false)
    expect(second(tried, measured, kind, 100)).toBe(false)
  })

  it('that is busy is left to the other thread as long as callers wait side by side', () => {
    const busy = disk()
    busy.takes.ms = 0.02
    const measured = gauge(busy.io)
    const among = (others: number) => {
      for (let n = 0; n < 32; n++) measured.left('change', others)
    }
    expect(second(busy, measured, 'change', 20_000)).toBe(true)
    among(1)
    expect(second(busy, measured, 'change', 20_000)).toBe(true)
    among(0)
    expect(measured.isSlow('change')).toBe(false)
    for (let n = 0; n < 40_000; n++) {
      measured.io.rename('/x', '/y')
      expect(measured.isSlow('change')).toBe(false)
    }
    expect(second(busy, measured, 'change', 20_000)).toBe(true)
  })

  it('that is slow is left to it by a caller that is alone as well', () => {
    const slow = disk()
    slow.takes.ms = 0.2
    const measured = gauge(slow.io)
    expect(second(slow, measured, 'change', 300)).toBe(true)
    for (let n = 0; n < 100; n++) measured.left('change', 0)
    expect(measured.isSlow('change')).toBe(true)
  })

  it('that blocks for long is slow at once', () => {
    const tried = disk()
    tried.takes.ms = 60
    const measured = gauge(tried.io)
    measured.isSlow('look')
    measured.io.lstat('/x')
    expect(measured.isSlow('look')).toBe(true)
  })

  it('is judged by what another thread measures as well', () => {
    const tried = disk()
    const measured = gauge(tried.io)
    measured.isSlow('change')
    tried.pass(500)
    measured.add({ look: NONE, change: { operations: 100, spent: 100 } })
    expect(measured.isSlow('change')).toBe(true)
    tried.pass(1000)
    expect(measured.isSlow('change')).toBe(false)
  })
})

it('opening to read is a look, opening to write a change, and what fails counts', () => {
  const tried = disk()
  tried.takes.ms = 2
  const { io, take } = gauge(tried.io)
  io.open('/x', constants.O_RDONLY)
  io.open('/x', constants.O_WRONLY | constants.O_CREAT)
  expect(() => io.unlink('/x')).toThrow('EIO')
  expect(take()).toEqual({
    look: { operations: 1, spent: 2 },
    change: { operations: 2, spent: 4 },
  })
  expect(take()).toEqual({ look: NONE, change: NONE })
})
