import { rmSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { beforeEach, expect, it, vi } from 'vitest'
import type { SessionRecord } from '../../src/core/store.ts'
import { place, type Place, type Ran } from './world.ts'

let here: Place
let ada: string

beforeEach(async () => {
  here = await place()
  ada = await here.add({ user: 'ada', cart: { total: 1 }, password: 'hunter2' })
})

/** Watches while `steps` happen; each waits until the one before was told. */
async function watching(
  argv: readonly string[],
  steps: readonly (() => Promise<unknown>)[],
  terminal = 'e',
): Promise<Ran> {
  const interrupt = new AbortController()
  let told = 0
  let isWatching = false
  const ran = here.run(['watch', ...argv], {
    terminal,
    columns: 120,
    signal: interrupt.signal,
    onOutput: () => void told++,
    onWords: () => void (isWatching = true),
  })
  await vi.waitUntil(() => isWatching, { timeout: 10_000 })
  for (const [at, step] of steps.entries()) {
    await step()
    await vi.waitUntil(() => told > at, { timeout: 10_000, interval: 10 })
  }
  interrupt.abort()
  return ran
}

async function change(id: string, by: Partial<SessionRecord>): Promise<void> {
  const found = await here.store.read(id)
  if (!found) throw new Error('the session is gone')
  const { record, version } = found
  await here.store.write(id, { ...record, revision: record.revision + 1, ...by }, version)
}

const data = { user: 'ada', cart: { total: 2 }, password: 'other' }

it('tells who changed what, whoever writes the files', async () => {
  let bob = ''
  const { exit, out } = await watching(
    [],
    [
      async () => void (bob = await here.add({ user: 'bob' })),
      () => change(ada, { data, flash: { notice: 'Saved' } }),
      () => change(ada, { data, flash: { notice: 'Saved' }, expiresAt: Infinity }),
      async () => writeFileSync(here.fileOf(bob), '{'),
      async () => rmSync(here.fileOf(ada)),
    ],
  )
  const rows = out
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t').slice(1))
  expect(rows).toEqual([
    ['created', bob, 'bob', '+user'],
    ['written', ada, 'ada', '~cart.total ~password +flash.notice'],
    ['touched', ada, 'ada', 'never expires'],
    ['unreadable', bob, 'bob', 'it does not parse'],
    ['deleted', ada, 'ada', ''],
  ])
  expect(exit).toBe(130)
})

it('is lined up on a terminal, and says how to stop', async () => {
  const { out, err } = await watching([], [() => change(ada, { data })], 'oe')
  expect(out).toMatch(
    new RegExp(
      `^\\d\\d:\\d\\d:\\d\\d\\.\\d{3}  written     ${ada.slice(0, 8)}  ada {19}~cart\\.total ~password\\n$`,
    ),
  )
  expect(err).toBe('watching ./sessions · Ctrl-C to stop\n')
})

it('gives the values as documents, secrets hidden', async () => {
  const { out } = await watching(['--ndjson'], [() => change(ada, { data })])
  expect(JSON.parse(out)).toMatchObject({
    kind: 'written',
    id: ada,
    user: 'ada',
    revision: 2,
    changes: [
      { op: 'change', path: 'cart.total', before: 1, after: 2 },
      { op: 'change', path: 'password', before: '••••••••', after: '••••••••' },
    ],
  })
})

it('tells only of what was asked for', async () => {
  const bob = await here.add({ user: 'bob' })
  const { out } = await watching(
    ['user:ada', '--only', 'written'],
    [
      async () => {
        await change(bob, { data: { user: 'bob', n: 1 } })
        await change(ada, { expiresAt: Infinity })
        await pause(50)
        await change(ada, { data })
      },
    ],
  )
  const rows = out.trimEnd().split('\n')
  expect(rows).toHaveLength(1)
  expect(rows[0]).toContain(`written\t${ada}`)
  expect((await here.run(['watch', '--only', 'written,writen'])).exit).toBe(2)
})

it('tells of a new id once, and hides the data that moved there', async () => {
  const { out } = await watching([], [() => change(ada, { data: {}, retired: true })])
  expect(out.trimEnd().split('\t').slice(1)).toEqual([
    'renewed',
    ada,
    'ada',
    'goes on under a new id',
  ])
})
