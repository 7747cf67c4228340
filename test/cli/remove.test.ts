import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { place, type Place } from './world.ts'

let here: Place
let ada: string
let guest: string

beforeEach(async () => {
  here = await place()
  ada = await here.add({ user: 'ada' }, { age: 1000 })
  guest = await here.add({ cart: [] })
})

function left(): string[] {
  return readdirSync(here.dir)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -5))
    .sort()
}

describe('rm', () => {
  it('asks on a terminal, naming how many and which', async () => {
    const no = await here.run(['rm', ada, guest], { terminal: 'ei', stdin: 'n\n' })
    expect(no.exit).toBe(1)
    expect(no.err).toBe(
      `! Remove 2 sessions from ./sessions?  ${ada.slice(0, 8)} (ada), ${guest.slice(0, 8)}\n` +
        '  [y/N]   Nothing was removed\n',
    )
    expect(left()).toEqual([ada, guest].sort())
    const yes = await here.run(['rm', ada], { terminal: 'ei', stdin: 'y\n' })
    expect(yes.exit).toBe(0)
    expect(yes.err).toContain(`✓ 1 session removed  ${ada.slice(0, 8)} (ada)\n`)
    expect(left()).toEqual([guest])
  })

  it('takes no answer for a no', async () => {
    expect((await here.run(['rm', ada], { terminal: 'ei', stdin: '' })).exit).toBe(1)
    expect((await here.run(['rm', ada], { terminal: 'ei', stdin: '\n' })).exit).toBe(1)
    expect(left()).toHaveLength(2)
  })

  it('without a terminal wants --yes', async () => {
    const { exit, err } = await here.run(['rm', ada])
    expect(exit).toBe(2)
    expect(err).toBe(
      `✗ This removes 1 session from ./sessions, and nobody is here to ask\n  ${ada.slice(0, 8)} (ada)\n  Add --yes   exit 2\n`,
    )
    expect(left()).toHaveLength(2)
    expect(await here.run(['rm', ada, '--yes'])).toEqual({ exit: 0, out: '', err: '' })
    expect(left()).toEqual([guest])
  })

  it('takes what ls prints, in each form', async () => {
    for (const form of [['-q'], ['--json'], ['--ndjson'], []]) {
      const id = await here.add({ user: 'mallory' })
      const { out: stdin } = await here.run(['ls', 'user:mallory', ...form])
      expect((await here.run(['rm', '-', '-y'], { stdin })).exit).toBe(0)
      expect(left()).not.toContain(id)
      expect(left()).toHaveLength(2)
    }
    expect((await here.run(['rm', '-', '-y'], { stdin: '' })).exit).toBe(0)
  })

  it('removes nothing when one of them is not there', async () => {
    expect((await here.run(['rm', ada, 'nobody', '--yes'])).exit).toBe(3)
    expect(left()).toHaveLength(2)
  })

  it('with --dry-run says which', async () => {
    const { exit, out } = await here.run(['rm', ada, '--dry-run'])
    expect([exit, out]).toEqual([0, `${ada}\n`])
    expect(left()).toHaveLength(2)
  })

  it('removes a file that is no session', async () => {
    writeFileSync(here.fileOf('a'.repeat(32)), '{')
    const { exit, err } = await here.run(['rm', 'aaaa'], { terminal: 'ei', stdin: 'y\n' })
    expect(exit).toBe(0)
    expect(err).toContain('aaaaaaaa (unreadable)')
    expect(left()).toHaveLength(2)
  })
})

describe('reap', () => {
  it('removes what is over, and asks nobody', async () => {
    const over = await here.add({}, { expiresAt: here.now - 1 })
    expect(await here.run(['reap', '--dry-run'])).toEqual({ exit: 0, out: `${over}\n`, err: '' })
    expect(left()).toContain(over)
    expect((await here.run(['reap'], { terminal: 'e' })).err).toBe('✓ 1 session removed\n')
    expect(left()).toEqual([ada, guest].sort())
    expect(await here.run(['reap'])).toEqual({ exit: 0, out: '', err: '' })
  })

  it('says so when it is interrupted', async () => {
    const { exit, err } = await here.run(['reap'], { signal: AbortSignal.abort() })
    expect(exit).toBe(130)
    expect(err).toContain('vitrine reap goes on')
  })
})

describe('reset', () => {
  it('asks, names how many, and leaves foreign files', async () => {
    writeFileSync(join(here.dir, 'README'), 'mine')
    expect((await here.run(['reset'])).exit).toBe(2)
    const { exit, err } = await here.run(['reset'], { terminal: 'ei', stdin: 'yes\n' })
    expect(exit).toBe(0)
    expect(err).toContain('Remove 2 sessions from ./sessions?')
    expect(left()).toEqual([])
    expect(existsSync(join(here.dir, 'README'))).toBe(true)
  })
})

it('stops where it is interrupted, and says how to go on', async () => {
  const { exit, err } = await here.run(['rm', ada, guest, '--yes'], { signal: AbortSignal.abort() })
  expect(exit).toBe(130)
  expect(err).toBe('Stopped after 0 sessions; the same command goes on\n')
  expect(left()).toHaveLength(2)
})
