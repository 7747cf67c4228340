import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { Finding, fuzz, type Target } from './fuzz/fuzz.ts'
import { instrument, PLACES } from './fuzz/instrument.ts'
import { loadModules } from './fuzz/modules.ts'
import { targets } from './fuzz/targets.ts'
import { newWorld } from './world.ts'

const FINDINGS = path.join(import.meta.dirname, 'findings')

const all = await targets(await loadModules())

/** A finding prints it; `FUZZ_SEED` sets another one. */
const seed = Number(process.env['FUZZ_SEED'] ?? 1)

const world = newWorld()
afterAll(() => world.remove())

describe('the fuzzer', () => {
  it('finds its way to a fault that chance alone would not find in a lifetime', async () => {
    const code = `export function run(input) {
      let hit = 0
      if (input[0] === 0x7b) { hit = 1
        if (input[1] === 0x42) { hit = 2
          if (input[2] === 0x55) { hit = 3
            if (input[3] === 0x47) { hit = 4
              if (input[4] === 0x21) { hit = 5
                if (input[5] === 0x7d) throw new Error('found')
              } } } } }
      return hit > 9
    }`
    const file = path.join(world.parent, 'fault.mjs')
    fs.writeFileSync(file, instrument(code, PLACES - 100).code)
    const { run } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Target
    const target: Target = { name: 'a fault', seeds: [Buffer.from('harmless')], words: [], run }
    const found = await fuzz(target, { milliseconds: 60_000, seed: 1 }).catch(
      (error: unknown) => error,
    )
    expect(found).toBeInstanceOf(Finding)
    expect(Buffer.from((found as Finding).input).toString()).toBe('{BUG!}')
    expect((found as Finding).message).toContain('a fault with seed 1: found')
  })

  it('looks at the same inputs for the same seed', async () => {
    const inputs: string[][] = [[], [], []]
    for (const [round, rows] of inputs.entries()) {
      const run = (input: Uint8Array) => void rows.push(Buffer.from(input).toString('hex'))
      const target: Target = { name: 'nothing', seeds: [Buffer.from('seed')], words: ['word'], run }
      await fuzz(target, { milliseconds: 60_000, executions: 500, seed: round === 2 ? 8 : 7 })
    }
    expect(inputs[1]).toEqual(inputs[0])
    expect(inputs[2]).not.toEqual(inputs[0])
  })

  it('counts without changing what a program does', async () => {
    const code = `export const all = []
      const say = (x) => x ? all.push('yes') : all.push('no')
      function f(n) { if (n) say(n); else say(0); for (let i = 0; i < 2; i++) all.push(i)
        switch (n) { case 1: all.push('one'); case 2: all.push('two'); break; default: all.push('many') }
        do all.push('do'); while (n-- > 1)
        return (a, b = n ?? 7) => ({ a, b }) }
      for (const n of [0, 1, 2]) all.push(f(n)(n || 'none'))
      try { null.x } catch { all.push('caught') }
      label: for (;;) { for (;;) break label }
      if (all.length) if (!all.length) all.push('never'); else all.push('else')`
    const [plain, counted] = ['plain', 'counted'].map((name) =>
      path.join(world.parent, `${name}.mjs`),
    ) as [string, string]
    fs.writeFileSync(plain, code)
    fs.writeFileSync(counted, instrument(code).code)
    const results = await Promise.all(
      [plain, counted].map(
        (file) =>
          import(/* @vite-ignore */ pathToFileURL(file).href) as Promise<{ all: unknown[] }>,
      ),
    )
    expect(results[1]!.all).toEqual(results[0]!.all)
    expect(results[1]!.all.length).toBeGreaterThan(20)
  })
})

describe('whatever somebody else has written', () => {
  it.each(all)('breaks nothing: $name', { timeout: 60_000 }, async (target) => {
    const fuzzed = await fuzz(target, { milliseconds: 5000, seed })
    expect(fuzzed.executions).toBeGreaterThan(100)
    expect(fuzzed.places).toBeGreaterThan(5)
  })

  it.each(fs.readdirSync(FINDINGS))('breaks nothing any more: %s', async (name) => {
    const found = JSON.parse(fs.readFileSync(path.join(FINDINGS, name), 'utf8')) as {
      target: string
      base64: string
    }
    const target = all.find((one) => one.name === found.target)
    for (let times = 0; times < 3; times++) await target!.run(Buffer.from(found.base64, 'base64'))
  })
})
