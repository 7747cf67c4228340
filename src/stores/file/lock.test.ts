import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { directoryAt, type Directory } from './directory.ts'
import { nodeIo, type Io } from './io.ts'
import { locksIn, WRITER } from './lock.ts'

let dir: string
let directory: Directory
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-'))
  directory = directoryAt(dir, nodeIo)
  directory.make()
})
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }))

/** Time that passes only while somebody sleeps. */
function sleepy(meanwhile: (elapsed: number) => void = () => {}): Io {
  let elapsed = 0
  const pass = (ms: number) => meanwhile((elapsed += ms))
  return {
    ...nodeIo,
    elapsed: () => elapsed,
    nap: pass,
    sleep: async (ms) => pass(ms),
  }
}

const writer = (token: string) => token + WRITER

const held = (name: string) => fs.readdirSync(path.join(directory.locks, name))

describe('a lock', () => {
  it('is held by one at a time, and says by whom', () => {
    const locks = locksIn(directory, nodeIo)
    expect(locks.tryTake('a', 'one')).toBe(true)
    expect(locks.tryTake('a', 'two')).toBe('one')
    expect(locks.tryTake('b', 'two')).toBe(true)
    expect(locks.release('a', 'two')).toBe(false)
    expect(locks.release('a', 'one')).toBe(true)
    expect(locks.tryTake('a', 'two')).toBe(true)
    expect(held('a')).toEqual(['two'])
  })

  it('of a writer is free when its temporary file is gone, and not before', () => {
    const locks = locksIn(directory, nodeIo)
    const others = locksIn(directory, nodeIo)
    const [one, two] = [writer('one'), writer('two')]
    const temporary = path.join(directory.temporary, one)
    fs.writeFileSync(temporary, 'what it is about to write')
    expect(locks.tryTake('a', one)).toBe(true)
    expect(locks.tryTake('a', two)).toBe(one)
    expect(others.tryTake('a', two)).toBe(one)
    fs.renameSync(temporary, path.join(dir, 'session.json'))
    expect(others.tryTake('a', two)).toBe(true)
    expect(locks.release('a', one)).toBe(true)
    fs.writeFileSync(path.join(directory.temporary, two), '')
    expect(locks.tryTake('a', writer('three'))).toBe(two)
    expect(held('a')).toEqual([two])
  })

  it('of a writer that let go is taken with one rename', () => {
    const calls: string[] = []
    const counted = (name: 'rename' | 'readdir' | 'lstat') => ({
      [name]: (...args: [string, string]) => {
        calls.push(name)
        return (nodeIo[name] as (...args: string[]) => never)(...args)
      },
    })
    const io: Io = { ...nodeIo, ...counted('rename'), ...counted('readdir'), ...counted('lstat') }
    const locks = locksIn(directory, io)
    for (const token of ['one', 'two', 'three']) {
      calls.length = 0
      expect(locks.tryTake('a', writer(token))).toBe(true)
      locks.release('a', writer(token))
    }
    expect(calls).toEqual(['rename'])
    expect(locks.tryTake('a', 'four')).toBe(true)
    expect(locks.release('a', 'four')).toBe(true)
    expect(held('a')).toEqual(['free'])
  })

  it('is waited for until it is released', async () => {
    const locks = locksIn(directory, nodeIo)
    locks.tryTake('a', 'one')
    const io = sleepy((elapsed) => {
      if (elapsed > 900) locks.release('a', 'one')
    })
    await locksIn(directory, io).take('a', 'two')
    expect(held('a')).toEqual(['two'])
    expect(io.elapsed()).toBeLessThan(950)
  })

  it('is taken over from a holder that does not move for a second, who can write no more', async () => {
    const locks = locksIn(directory, nodeIo)
    locks.tryTake('a', 'dead')
    fs.writeFileSync(path.join(directory.temporary, 'dead'), 'what it was about to write')
    const io = sleepy()
    await locksIn(directory, io).take('a', 'two')
    expect(io.elapsed()).toBeGreaterThan(1000)
    expect(io.elapsed()).toBeLessThan(1100)
    expect(fs.readdirSync(directory.temporary)).toEqual([])
    expect(locks.release('a', 'dead')).toBe(false)
    expect(held('a')).toEqual(['two'])
  })

  it('is taken over also from one that was about to set a file aside', async () => {
    locksIn(directory, nodeIo).tryTake('a', 'dead')
    fs.mkdirSync(path.join(directory.temporary, 'dead'))
    await locksIn(directory, sleepy()).take('a', 'two')
    expect(fs.readdirSync(directory.temporary)).toEqual([])
  })

  it('is not taken over from holders that come and go', async () => {
    const locks = locksIn(directory, nodeIo)
    let holder = 'h0'
    let count = 0
    locks.tryTake('a', holder)
    const io = sleepy((elapsed) => {
      if (elapsed < 5000 && elapsed > (count + 1) * 700) {
        const next = `h${++count}`
        expect(locks.renew('a', holder, next)).toBe(true)
        holder = next
      }
      if (elapsed >= 5000) locks.release('a', holder)
    })
    await locksIn(directory, io).take('a', 'two')
    expect(io.elapsed()).toBeGreaterThanOrEqual(5000)
  })

  it('comes back when somebody removes it, or all of it', () => {
    const locks = locksIn(directory, nodeIo)
    locks.tryTake('a', 'one')
    fs.rmSync(path.join(directory.locks, 'a', 'one'))
    expect(locks.tryTake('a', 'two')).toBe(true)
    fs.rmSync(path.join(dir, '.vitrine'), { recursive: true })
    expect(locks.tryTake('a', 'three')).toBe(true)
    expect(fs.readdirSync(directory.temporary)).toEqual([])
  })

  it('comes into being once, also when two make it at once', () => {
    const locks = locksIn(directory, nodeIo)
    let raced = false
    const io: Io = {
      ...nodeIo,
      rename(from, to) {
        if (to === path.join(directory.locks, 'a') && !raced) {
          raced = true
          expect(locks.tryTake('a', 'one')).toBe(true)
        }
        nodeIo.rename(from, to)
      },
    }
    expect(locksIn(directory, io).tryTake('a', 'two')).toBe('one')
    expect(held('a')).toEqual(['one'])
    expect(fs.readdirSync(directory.temporary)).toEqual([])
  })

  it('that is taken over by a third while it is being taken over goes to one of them', async () => {
    const locks = locksIn(directory, nodeIo)
    locks.tryTake('a', 'dead')
    let third: true | string | undefined
    const io: Io = {
      ...sleepy((elapsed) => {
        if (elapsed > 2000) locks.release('a', 'three')
      }),
      unlink(file) {
        // just before the take-over, somebody else takes over
        if (third === undefined) {
          third = 'three'
          expect(locks.renew('a', 'dead', 'three')).toBe(true)
        }
        nodeIo.unlink(file)
      },
    }
    await locksIn(directory, io).take('a', 'two')
    expect(held('a')).toEqual(['two'])
    expect(io.elapsed()).toBeGreaterThan(2000)
  })

  it.each(['EACCES', 'EIO'])('does not hide that the disk answers %s', (code) => {
    const failing = (): never => {
      throw Object.assign(new Error(code), { code })
    }
    for (const operation of ['rename', 'readdir', 'mkdir'] as const) {
      const io = { ...nodeIo, [operation]: failing }
      if (operation === 'readdir') locksIn(directory, nodeIo).tryTake('held', 'one')
      const name = operation === 'readdir' ? 'held' : 'new'
      expect(() => locksIn(directory, io).tryTake(name, 'two')).toThrow(code)
    }
  })
})
