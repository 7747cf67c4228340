import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cookie, createId, createSessions, fromDancer, jsonStore } from '../../src/index.ts'
import { dancerId } from '../../src/sessions/dancer-id.ts'
import { compiled } from '../compiled.ts'
import { newWorld } from './world.ts'

const SRC = path.join(import.meta.dirname, '..', '..', 'src')
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

afterEach(() => vi.unstubAllGlobals())

/** The bytes of a text in base32 (RFC 4648), as one long number. */
function decoded(id: string): bigint {
  return [...id].reduce((number, char) => (number << 5n) | BigInt(ALPHABET.indexOf(char)), 0n)
}

/** Makes the system's generator give these bytes. @returns how many were asked for */
function generatorOf(bytes: (index: number) => number): () => number {
  let asked = 0
  vi.stubGlobal('crypto', {
    getRandomValues(target: Uint8Array | Uint32Array) {
      const view = new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
      for (let at = 0; at < view.length; at++) view[at] = bytes(asked++)
      return target
    },
  })
  return () => asked
}

/**
 * Chi squared of how often each character stands at a position, for each position.
 * @returns the least and the greatest
 */
function chiSquared(ids: readonly string[], from: number, alphabet: string): [number, number] {
  const length = (ids[0] as string).length
  const counts = new Uint32Array(length * 128)
  for (const id of ids) {
    for (let at = from; at < length; at++) counts[at * 128 + id.charCodeAt(at)]!++
  }
  const mean = ids.length / alphabet.length
  const sums = Array.from({ length: length - from }, (_, n) =>
    [...alphabet].reduce((sum, char) => {
      return sum + (counts[(n + from) * 128 + char.charCodeAt(0)]! - mean) ** 2 / mean
    }, 0),
  )
  return [Math.min(...sums), Math.max(...sums)]
}

describe('an id', () => {
  it('is 160 random bits and nothing else', () => {
    const asked = generatorOf((index) => (index * 73 + 41) & 255)
    let expected = 0n
    for (let index = 0; index < 20; index++) {
      expected = (expected << 8n) | BigInt((index * 73 + 41) & 255)
    }
    expect(decoded(createId())).toBe(expected)
    expect(asked()).toBe(20)
  })

  it('changes with each of its 160 bits, and with nothing else', () => {
    const seen = new Set<string>()
    for (let bit = 0; bit < 160; bit++) {
      generatorOf((index) => (index === bit >> 3 ? 1 << (bit & 7) : 0))
      seen.add(createId())
    }
    expect(seen.size).toBe(160)
    vi.stubGlobal('Date', { now: () => expect.unreachable('a clock') })
    vi.stubGlobal('performance', { now: () => expect.unreachable('a clock') })
    vi.stubGlobal('process', undefined)
    generatorOf(() => 0)
    expect(createId()).toBe('a'.repeat(32))
  })

  it(
    'does not come twice in a million, and tells nothing about its neighbours',
    { timeout: 120_000 },
    () => {
      const ids = Array.from({ length: 1_000_000 }, createId)
      expect(new Set(ids).size).toBe(ids.length)
      // 31 degrees of freedom: outside lies 1 of 10^9 for each of the 32 positions
      const [least, greatest] = chiSquared(ids, 0, ALPHABET)
      expect(least).toBeGreaterThan(3.5)
      expect(greatest).toBeLessThan(106)
      // one half of the bits differ between an id and the next: 8 million coins, ten deviations
      let ones = 0
      let differing = 0
      for (let at = 0; at < 50_000; at++) {
        const [one, two] = [ids[at] as string, ids[at + 1] as string]
        for (let place = 0; place < 32; place++) {
          const bits = ALPHABET.indexOf(one[place] as string)
          ones += WEIGHT[bits]!
          differing += WEIGHT[bits ^ ALPHABET.indexOf(two[place] as string)]!
        }
      }
      const coins = 50_000 * 160
      for (const count of [ones, differing]) {
        expect(Math.abs(count - coins / 2)).toBeLessThan(10 * Math.sqrt(coins / 4))
      }
    },
  )
})

/** How many bits of a number under 32 are set. */
const WEIGHT = Array.from({ length: 32 }, (_, bits) => bits.toString(2).replaceAll('0', '').length)

describe('an id for Dancer', () => {
  it('is 39 digits that hold 128 random bits and nothing else', () => {
    const offset = 10n ** 38n
    const asked = generatorOf((index) => (index < 16 ? 255 : 0))
    expect(BigInt(dancerId()) - offset).toBe(2n ** 128n - 1n)
    expect(asked()).toBe(16)
    const seen = new Set<string>()
    for (let bit = 0; bit < 128; bit++) {
      generatorOf((index) => (index === bit >> 3 ? 1 << (bit & 7) : 0))
      seen.add(dancerId())
    }
    expect(seen.size).toBe(128)
  })

  it('does not come twice in a hundred thousand, and its digits are even', () => {
    const ids = Array.from({ length: 100_000 }, dancerId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every((id) => /^[1-9]\d{38}$/.test(id))).toBe(true)
    // the first digits are not even: 2^128 is no power of ten. 9 degrees of freedom
    const [least, greatest] = chiSquared(ids, 8, '0123456789')
    expect(least).toBeGreaterThan(0.02)
    expect(greatest).toBeLessThan(65)
  })
})

describe('without a secure generator', () => {
  it('nothing is made: not an id, not a store that would name files, not a Dancer id', () => {
    const script = `
      Object.defineProperty(globalThis, 'crypto', { value: undefined })
      const { createId, fromDancer, jsonStore } = await import(process.argv[1])
      const tries = { createId, dancer: () => fromDancer({ session: 'Simple' }).createId(), jsonStore }
      const made = Object.keys(tries).filter((name) => {
        try { return tries[name](), true } catch { return false }
      })
      console.log('made', JSON.stringify(made))`
    const door = pathToFileURL(path.join(compiled(), 'index.js')).href
    const args = ['--input-type=module', '--eval', script, door]
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()).toBe('made []')
  })

  it('no other one is asked: no weak generator stands anywhere in the source', () => {
    const weak = /Math\s*(?:\.|\[\s*['"`])\s*random|pseudoRandomBytes|\brandom\s*\}\s*=\s*Math/
    const files = fs
      .readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    expect(files.length).toBeGreaterThan(50)
    const found = files.filter((file) => weak.test(fs.readFileSync(path.join(SRC, file), 'utf8')))
    expect(found).toEqual([])
  })
})

describe('what is stored', () => {
  it('holds no signed ticket, and its names are no tickets', async () => {
    const world = newWorld()
    try {
      const sessions = createSessions({
        store: jsonStore(world.dir),
        transport: cookie({ secrets: ['hG3kPw9sLz6xVb2nMq8jRd5fTy1aCe7o'] }),
      })
      const session = await sessions.open({ headers: { get: () => null } })
      session.data['user'] = 'ada'
      const [, line] = (await sessions.commit(session)).find(([name]) => name === 'set-cookie')!
      const value = /^id=([^;]+)/.exec(line)![1] as string
      const mac = value.split('.')[1] as string
      const names = fs.readdirSync(world.dir, { recursive: true, encoding: 'utf8' })
      for (const name of names) {
        const file = path.join(world.dir, name)
        const text = fs.statSync(file).isFile() ? fs.readFileSync(file, 'latin1') : ''
        expect(`${name} ${text}`).not.toContain(mac)
      }
      const stolen = path.basename(
        names.find((name) => name.endsWith('.json'))!,
        '.json',
      )
      expect(stolen).toBe(session.id)
      const thief = await sessions.open({ headers: { get: () => `id=${stolen}` } })
      expect(thief.isNew).toBe(true)
      const owner = await sessions.open({ headers: { get: () => `id=${value}` } })
      expect(owner.data).toEqual({ user: 'ada' })
    } finally {
      world.remove()
    }
  })

  it('is found by a cookie whose name tells nothing about the software', () => {
    expect(cookie().name).toBe('id')
    expect(fromDancer({ session: 'Simple' }).transport!.name).toBe('dancer.session')
  })
})
