import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { compiled } from '../compiled.ts'

const here = import.meta.dirname

async function run(
  extra: readonly string[] = [],
  ...how: readonly string[]
): Promise<Record<string, unknown>> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-slow-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  const dir = path.join(folder, 'slow-sessions')
  const args = ['--import', path.join(here, 'slow.mjs'), ...extra, path.join(here, 'app.mjs')]
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...args, compiled(), dir, ...how],
    {
      env: { ...process.env, SLOW_WHILE: path.join(folder, 'slow') },
    },
  )
  return JSON.parse(stdout) as Record<string, unknown>
}

it('a slow disk does not hold up the event loop, and everything is kept as ever', async () => {
  expect(await run()).toEqual({
    slow: 0,
    torn: true,
    merged: { user: 'ada', one: 1, two: 2 },
    destroyed: true,
    quickAgain: true,
  })
})

it('a thread that nobody has used keeps no process from ending', async () => {
  expect(await run([], 'brief')).toEqual({ waited: true })
})

it('where there can be no other thread, things go on in this one', async () => {
  const broken = path.join(here, 'no-threads.mjs')
  expect(await run(['--import', broken])).toMatchObject({
    slow: expect.any(Number),
    torn: true,
    merged: { user: 'ada', one: 1, two: 2 },
    destroyed: true,
  })
})
