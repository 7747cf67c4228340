import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { place, type Place } from './world.ts'

let here: Place
let ada: string

beforeEach(async () => {
  here = await place()
  ada = await here.add(
    { user: 'ada', cart: { items: ['a'], total: 2 } },
    { flash: { notice: 'Saved' } },
  )
})

async function stored(id = ada) {
  const found = await here.store.read(id)
  if (!found) throw new Error('the session is gone')
  return found.record
}

describe('set', () => {
  it('sets a value that is JSON, else a text, one revision on', async () => {
    const before = await stored()
    expect(await here.run(['set', ada, 'cart.total', '-5'])).toEqual({ exit: 0, out: '', err: '' })
    expect((await here.run(['set', ada, 'user', 'not json'])).exit).toBe(0)
    await here.run(['set', ada, 'cart.items[1]', '{"sku":"b"}'])
    await here.run(['set', ada, 'new.deep', '"5"'])
    expect(await stored()).toEqual({
      ...before,
      revision: 5,
      data: {
        user: 'not json',
        cart: { items: ['a', { sku: 'b' }], total: -5 },
        new: { deep: '5' },
      },
    })
  })

  it('tells a person what it did', async () => {
    const { err } = await here.run(['set', ada, 'cart.total', '3'], { terminal: 'e' })
    expect(err).toBe(`✓ ${ada.slice(0, 8)}  cart.total  r2\n`)
    const again = await here.run(['set', ada, 'cart.total', '3'], { terminal: 'e' })
    expect(again.err).toBe(`= ${ada.slice(0, 8)}  cart.total  was so already\n`)
    expect((await stored()).revision).toBe(2)
  })

  it('sets it in every session that standard input names', async () => {
    const bob = await here.add({ user: 'bob' })
    const { out: stdin } = await here.run(['ls', '--ndjson'])
    await here.run(['set', '-', 'role', 'guest'], { stdin })
    expect([(await stored()).data['role'], (await stored(bob)).data['role']]).toEqual([
      'guest',
      'guest',
    ])
  })

  it('with --if-rev refuses when somebody was there first', async () => {
    expect((await here.run(['set', ada, 'a', '1', '--if-rev', '1'])).exit).toBe(0)
    const { exit, err } = await here.run(['set', ada, 'a', '2', '--if-rev', '1'])
    expect(exit).toBe(5)
    expect(err).toContain('is at revision 2, not 1')
    expect((await stored()).data['a']).toBe(1)
  })

  it('refuses a value that was hidden', async () => {
    const { exit, err } = await here.run(['set', ada, 'password', '••••••••'])
    expect(exit).toBe(6)
    expect(err).toContain('masked')
    expect((await stored()).data['password']).toBeUndefined()
  })

  it('refuses what cannot be there', async () => {
    expect((await here.run(['set', ada, 'user.name', 'x'])).exit).toBe(6)
    expect((await here.run(['set', ada, 'cart.items[9]', 'x'])).exit).toBe(6)
    expect((await here.run(['set', ada, 'a..b', 'x'])).exit).toBe(2)
    expect((await here.run(['set', ada, 'flash.notice', 'x'])).exit).toBe(2)
    expect((await here.run(['set', 'nobody', 'a', 'x'])).exit).toBe(3)
    expect((await stored()).revision).toBe(1)
  })

  it('loses no change that others make at the same time', async () => {
    const sets = Array.from({ length: 20 }, (_, n) =>
      here.run(['set', ada, `keys.k${n}`, String(n)]),
    )
    for (const { exit } of await Promise.all(sets)) expect(exit).toBe(0)
    const { data, revision } = await stored()
    expect(data['keys']).toEqual(
      Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`k${n}`, n])),
    )
    expect(revision).toBe(21)
  })
})

describe('unset', () => {
  it('removes a value; removing nothing is fine', async () => {
    expect((await here.run(['unset', ada, 'cart.items[0]'])).exit).toBe(0)
    expect((await here.run(['unset', ada, 'user'])).exit).toBe(0)
    expect((await here.run(['unset', ada, 'nothing.at.all'])).exit).toBe(0)
    expect(await stored()).toMatchObject({ data: { cart: { items: [], total: 2 } }, revision: 3 })
  })
})

describe.skipIf(process.platform === 'win32')('edit', () => {
  /** An editor that is a shell script; `$1` is the file. */
  function editor(script: string): Record<string, string> {
    const path = join(here.cwd, 'editor.sh')
    writeFileSync(path, script)
    return { EDITOR: `sh "${path}"` }
  }
  const kept = (err: string) => /kept in (\S+)/.exec(err)?.[1] as string

  it('shows the data as JSON in a file of one’s own, and stores what comes back', async () => {
    const env = editor(
      'cp "$1" seen.json; stat -c "%a %n" "$1" "$(dirname "$1")" > modes; sed -i s/ada/eve/ "$1"',
    )
    const { exit, err } = await here.run(['edit', ada], { env })
    expect([exit, err]).toEqual([0, `✓ ${ada.slice(0, 8)}  r2\n`])
    expect(JSON.parse(readFileSync(join(here.cwd, 'seen.json'), 'utf8'))).toEqual({
      user: 'ada',
      cart: { items: ['a'], total: 2 },
    })
    const [file, folder] = readFileSync(join(here.cwd, 'modes'), 'utf8').trim().split('\n')
    expect(file).toMatch(/^600 /)
    expect(folder).toMatch(/^700 /)
    expect(existsSync((file as string).slice(4))).toBe(false)
    expect((await stored()).data['user']).toBe('eve')
  })

  it('moves neither the expiry nor the flash', async () => {
    const before = await stored()
    await here.run(['edit', ada], { env: editor('sed -i s/ada/eve/ "$1"') })
    const { expiresAt, flash, createdAt } = await stored()
    expect({ expiresAt, flash, createdAt }).toEqual({
      expiresAt: before.expiresAt,
      flash: before.flash,
      createdAt: before.createdAt,
    })
  })

  it('prefers VISUAL, and takes a command line', async () => {
    const env = {
      ...editor('sed -i "s/ada/$2/" "$1"'),
      VISUAL: `sh -c 'sed -i s/ada/visual/ "$1"' --`,
    }
    await here.run(['edit', ada], { env })
    expect((await stored()).data['user']).toBe('visual')
  })

  it('merges with what the app stored meanwhile', async () => {
    const { expiresAt, createdAt } = await stored()
    const theirs = {
      data: { user: 'ada', cart: { items: ['a', 'b'], total: 4 } },
      createdAt,
      expiresAt,
      revision: 2,
    }
    writeFileSync(join(here.cwd, 'theirs.json'), fileText(theirs.data))
    const env = editor(`cp theirs.json ${here.fileOf(ada)}; sed -i s/ada/eve/ "$1"`)
    const { exit, err } = await here.run(['edit', ada], { env })
    expect([exit, err]).toEqual([
      0,
      `✓ ${ada.slice(0, 8)}  r3 · merged with what changed meanwhile\n`,
    ])
    expect((await stored()).data).toEqual({ user: 'eve', cart: { items: ['a', 'b'], total: 4 } })
  })

  it('says which paths both changed, stores nothing, and keeps the text', async () => {
    writeFileSync(
      join(here.cwd, 'theirs.json'),
      fileText({ user: 'bob', cart: { items: ['a'], total: 9 } }),
    )
    const env = editor(`cp theirs.json ${here.fileOf(ada)}; sed -i 's/ada/eve/; s/2/7/' "$1"`)
    const { exit, err } = await here.run(['edit', ada], { env })
    expect(exit).toBe(5)
    expect(err).toMatch(
      /^✗ Somebody else changed user, cart\.total meanwhile\n  Nothing was stored\n  Your text is kept in /,
    )
    expect((await stored()).data).toEqual({ user: 'bob', cart: { items: ['a'], total: 9 } })
    expect(readFileSync(kept(err), 'utf8')).toContain('"user": "eve"')
    expect(statSync(kept(err)).mode & 0o777).toBe(0o600)
    forget(err)
  })

  it('does not bring back a session that ended meanwhile', async () => {
    const env = editor(`rm ${here.fileOf(ada)}; sed -i s/ada/eve/ "$1"`)
    const { exit, err } = await here.run(['edit', ada], { env })
    expect(exit).toBe(5)
    expect(err).toContain('ended meanwhile')
    expect(await here.store.read(ada)).toBeNull()
    forget(err)
  })

  it.each([
    ['is not JSON', 'echo "{ no" > "$1"', 'it is not JSON'],
    ['is no object', 'echo "[1]" > "$1"', 'is an object'],
    ['holds a hidden value', 'echo \'{"card":"•••• •••• •••• 1111"}\' > "$1"', 'masked'],
  ])('refuses a text that %s, and keeps it', async (_, script, message) => {
    const { exit, err } = await here.run(['edit', ada], { env: editor(script) })
    expect(exit).toBe(6)
    expect(err).toContain(message)
    expect(existsSync(kept(err))).toBe(true)
    expect((await stored()).revision).toBe(1)
    forget(err)
  })

  it('leaves everything alone when nothing was changed, or the editor failed', async () => {
    expect((await here.run(['edit', ada], { env: editor('true') })).err).toBe('Nothing changed\n')
    const { exit, err } = await here.run(['edit', ada], { env: editor('exit 3') })
    expect(exit).toBe(1)
    expect(err).toContain('The editor ended with 3')
    expect((await stored()).revision).toBe(1)
  })

  it('without an editor and without a terminal says what to type', async () => {
    const { exit, err } = await here.run(['edit', ada])
    expect(exit).toBe(2)
    expect(err).toContain('EDITOR=vi')
  })

  function fileText(data: object): string {
    const file = JSON.parse(readFileSync(here.fileOf(ada), 'utf8')) as { revision: number }
    return JSON.stringify({ ...file, revision: file.revision + 1, data })
  }

  function forget(err: string): void {
    const folder = dirname(kept(err))
    if (/vitrine-[^/]+$/.test(folder)) rmSync(folder, { recursive: true })
  }
})
