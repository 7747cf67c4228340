import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeIo } from '../../src/files.ts'
import { createEngine, jsonStore, yamlStore } from '../../src/index.ts'
import { compiled, compiledModules } from '../compiled.ts'

const here = import.meta.dirname
let doors = ''
let room = ''
beforeAll(() => {
  doors = compiled()
  room = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-leaks-'))
}, 60_000)
afterAll(() => fs.rmSync(room, { recursive: true, force: true }))

const newDirectory = (): string => fs.mkdtempSync(path.join(room, 'dir-'))

/** Runs one of the programs beside this file to its end. @returns what it tells */
async function run(
  program: string,
  args: readonly string[],
  env = {},
  folder = doors,
): Promise<unknown> {
  const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning']
  const child = promisify(execFile)(
    process.execPath,
    [...flags, path.join(here, program), folder, newDirectory(), ...args],
    { env: { ...process.env, ...env }, timeout: 110_000, maxBuffer: 1e8 },
  )
  const { stdout, stderr } = await child
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

type Census = Readonly<Record<string, number | boolean | Readonly<Record<string, number>>>>

/** What is there that was not there before. */
function more(before: Census, after: Census): string[] {
  return Object.entries(after).flatMap(([kind, now]) => {
    const then = before[kind]
    if (typeof now !== 'object') return now > (then as number | boolean) ? [kind] : []
    return Object.entries(now)
      .filter(([name, count]) => count > ((then as Record<string, number>)[name] ?? 0))
      .map(([name, count]) => `${kind}: ${count} ${name}`)
  })
}

interface Life {
  /** The same app without sessions. */
  readonly without: Seen
  readonly before: Census
  readonly during: Seen
  readonly after: Census
}

interface Seen {
  /** After each round. */
  readonly timers: readonly number[]
  /** Requests and answers that somebody knows of, after the last round. */
  readonly messages: number
  readonly onSignal: number
  readonly onSockets: readonly string[]
  readonly onMessages: Readonly<Record<string, number>>
}

const ADAPTERS = ['node:http', 'Express', 'Fastify', 'Koa', 'Hono', 'web', 'express-session']

/**
 * What is no leak: `pipe` listens for the drain of a response for as long as that lives, and an answer that was replaced,
 * because the session could not be stored, must not fall over what its handler still writes.
 */
const EXEMPT = ['res drain', 'res error']

describe.concurrent('a server that was used and closed', () => {
  it.for(['json', 'yaml', 'memory', 'cookie'])(
    'leaves nothing behind with the engine %s, whatever the adapter',
    { timeout: 120_000 },
    async (engine, { expect }) => {
      // express-session keeps its records on the server
      const adapters = ADAPTERS.filter((name) => engine !== 'cookie' || name !== 'express-session')
      const lives = (await run('rounds.mjs', [engine, ...adapters])) as Record<string, Life>
      expect(Object.keys(lives)).toEqual(adapters)
      for (const [adapter, { without, before, during, after }] of Object.entries(lives)) {
        expect(more(before, after), adapter).toEqual([])
        expect(during.onSignal, adapter).toBe(0)
        // far less than one for each visitor
        expect(during.timers.at(-1), adapter).toBeLessThanOrEqual((during.timers[0] ?? 0) + 6)
        // of some 150 requests; the last ones may still be known
        expect(during.messages, adapter).toBeLessThan(20)
        expect(during.onSockets, adapter).toEqual(without.onSockets)
        const added = Object.entries(during.onMessages).filter(
          ([name, count]) => !EXEMPT.includes(name) && count > (without.onMessages[name] ?? 0),
        )
        expect(added, adapter).toEqual([])
      }
    },
  )
})

describe('memory', () => {
  /** How much may be more for each session that lived, in bytes: far less than one session takes. */
  const BOUNDS = { json: 1000, yaml: 1500, memory: 200, cookie: 400, 'express-session': 200 }

  it('does not grow with the sessions that lived and ended', async () => {
    const told = await run('heap.mjs', [])
    const grown = Object.entries(
      told as Record<string, { sessions: number; heaps: readonly number[] }>,
    ).map(([name, { sessions, heaps }]) => [name, slope(heaps) / sessions] as const)
    expect(grown.map(([name]) => name)).toEqual(Object.keys(BOUNDS))
    const over = grown.filter(([name, bytes]) => bytes > BOUNDS[name as keyof typeof BOUNDS])
    expect(over).toEqual([])
  }, 120_000)

  it('holds a thousand sealed tickets, without the headers that they came in, and nothing of forged ones', async () => {
    const { tickets, empty, full, again, forged } = (await run('tickets.mjs', [])) as Record<
      'tickets' | 'empty' | 'full' | 'again' | 'forged',
      number
    >
    const each = (more: number) => more / tickets
    expect(each(full - empty)).toBeGreaterThan(1000)
    expect(each(full - empty)).toBeLessThan(6000)
    expect(each(again - full)).toBeLessThan(500)
    expect(each(forged - again)).toBeLessThan(500)
  }, 60_000)

  /** The median of the slopes between any two points (Theil and Sen): one late or early collection does not move it. */
  function slope(points: readonly number[]): number {
    const slopes = points.flatMap((late, at) =>
      points.slice(0, at).map((early, before) => (late - early) / (at - before)),
    )
    return slopes.sort((a, b) => a - b)[slopes.length >> 1] ?? NaN
  }
})

describe('a process', () => {
  it('has neither the thread nor its descriptors any more when a store on a slow disk is closed', async () => {
    const slow = path.join(newDirectory(), 'slow')
    const told = (await run('slow.mjs', [], { SLOW_WHILE: slow })) as {
      readonly before: Census
      readonly during: Census
      readonly after: Census
    }
    expect(told.during['threads']).toBeGreaterThan(told.before['threads'] as number)
    expect(more(told.before, told.after)).toEqual([])
  }, 60_000)

  it('holds nothing of `vitrine watch` when it was interrupted', async () => {
    const told = (await run('watch.mjs', [], {}, compiledModules())) as {
      readonly before: Census
      readonly during: Census
      readonly after: Census
      readonly exits: readonly number[]
      readonly onSignals: number
    }
    expect(told.exits).toEqual(told.exits.map(() => 130))
    expect(told.onSignals).toBe(0)
    expect(more(told.before, told.during)).not.toEqual([])
    expect(more(told.before, told.after)).toEqual([])
  }, 60_000)
})

it.each([jsonStore, yamlStore])(
  'a store on a file system of the app’s own can be closed, too',
  async (open) => {
    const engine = createEngine({ store: open({ dir: newDirectory(), io: { ...nodeIo } }) })
    await engine.create({ user: 'ada' })
    await engine[Symbol.asyncDispose]()
  },
)
