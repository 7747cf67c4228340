import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEngine, jsonStore, type Engine } from '../../src/index.ts'
import { compiled } from '../compiled.ts'

let dist: string
beforeAll(() => (dist = process.env['DIST'] ?? compiled()))

let dir: string
let engine: Engine
let children: ChildProcess[]
beforeEach(() => {
  dir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-')), 'sessions')
  engine = createEngine({ store: jsonStore(dir) })
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  fs.rmSync(path.dirname(dir), { recursive: true, force: true })
})

function writer(id: string, mode: 'keys' | 'count', name: string, count: number, stopAt = 0) {
  const file = path.join(import.meta.dirname, 'writer.mjs')
  const child = fork(file, [dist, dir, id, mode, name, String(count), String(stopAt)])
  children.push(child)
  return child
}

async function finished(child: ChildProcess): Promise<void> {
  const [code, signal] = await once(child, 'exit')
  expect({ code, signal }).toEqual({ code: 0, signal: null })
}

function temporary(): string[] {
  return fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))
}

/** Whether a process is stopped, as Linux tells it. */
function isStopped(child: ChildProcess): boolean {
  return fs.readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes(') T ')
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}

describe('eight processes on one session', { timeout: 120_000 }, () => {
  it('keep 4,000 of 4,000 keys', async () => {
    const { id } = await engine.create()
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    await Promise.all(names.map((name) => finished(writer(id, 'keys', name, 500))))
    expect(Object.keys((await engine.retrieve(id))!.data)).toHaveLength(4000)
    expect(temporary()).toEqual([])
  })

  it('count exactly 4,000', async () => {
    const { id } = await engine.create()
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    await Promise.all(names.map((name) => finished(writer(id, 'count', name, 500))))
    expect((await engine.retrieve(id))!.data).toEqual({ n: 4000 })
    expect(temporary()).toEqual([])
  })
})

describe.skipIf(process.platform !== 'linux')(
  'a writer that is stopped',
  { timeout: 120_000 },
  () => {
    it('at any step blocks nobody for two seconds, and overwrites nothing when it goes on', async () => {
      // how many file operations one flush has
      const { id } = await engine.create({ n: 0 })
      const whole = writer(id, 'count', 'a', 1, 1_000_000)
      let steps = 0
      whole.on(
        'message',
        (message: { operations?: number }) => (steps = message.operations ?? steps),
      )
      await finished(whole)
      expect(steps).toBeGreaterThanOrEqual(8) // open, write, close, lock, look, rename, unlock, and what was read

      const longest: number[] = []
      for (let from = 1; from <= steps; from += 4) {
        const batch = Array.from({ length: Math.min(4, steps - from + 1) }, (_, at) => from + at)
        await Promise.all(
          batch.map(async (step) => {
            const own = await engine.create({ n: 0 })
            const stopped = writer(own.id, 'count', 'stopped', 1, step)
            await until(() => stopped.exitCode !== null || isStopped(stopped))
            for (let n = 0; n < 3; n++) {
              const began = performance.now()
              const session = (await engine.retrieve(own.id))!
              session.update((data) => void (data['n'] = (data['n'] as number) + 1))
              await engine.flush(session)
              longest.push(performance.now() - began)
            }
            stopped.kill('SIGCONT')
            await finished(stopped)
            expect(
              (await engine.retrieve(own.id))!.data,
              `stopped before operation ${step}`,
            ).toEqual({ n: 4 })
          }),
        )
      }
      expect((await engine.retrieve(id))!.data).toEqual({ n: 1 })
      expect(Math.max(...longest)).toBeLessThan(2000) // the promise; a lease is 1 s
      expect(temporary()).toEqual([])
    })
  },
)
