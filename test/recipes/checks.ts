import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { browse, type Browser, type Page } from './browser.ts'
import { isInstalled, serve, type Served } from './kitchen.ts'

/** What every recipe with pages must do, whatever it is built with. */

export interface Guest {
  readonly browser: Browser
  /** What the log-in was answered with. */
  readonly login: Page
  /** The file of the guest's session. */
  readonly file: string
}

/** What a test of one recipe works with. */
export interface Table {
  readonly served: () => Served
  /** Somebody who has logged in. */
  readonly seat: (name: string) => Promise<Guest>
}

interface Stored {
  readonly expires: string
  readonly data: { readonly user?: { readonly name: string }; readonly cart?: object }
}

const ITEMS = Array.from({ length: 20 }, (_, n) => `item-${n}`)

/**
 * Builds and starts a recipe, and tests it.
 * @param own what only this recipe must do
 */
export function testRecipe(name: string, own: (table: Table) => void): void {
  const isThere = isInstalled(name)
  if (!isThere) {
    console.warn(`Skipping recipes/${name}: not installed, run node scripts/recipes.mjs`)
  }

  describe.skipIf(!isThere)(`recipes/${name}`, () => {
    let running: Served | undefined
    const served = () => running as Served

    beforeAll(async () => {
      running = await serve(name)
    }, 360_000)
    afterAll(() => running?.stop())

    async function seat(user: string): Promise<Guest> {
      const browser = browse(served().url)
      const login = await (await browser.open('/')).press('Log in', { name: user })
      return { browser, login, file: fileOf(served(), browser) }
    }

    testPages({ served, seat })
    own({ served, seat })
  })
}

function testPages({ served, seat }: Table): void {
  let ada: Guest

  beforeEach(async () => {
    ada = await seat('ada')
  })

  it('a stranger gets a page, no cookie and no file', async () => {
    const before = filesIn(served())
    const page = await browse(served().url).open('/')
    expect(page).toMatchObject({ status: 200, text: 'Log in', cookies: [] })
    expect(filesIn(served())).toEqual(before)
  })

  it('the redirect after log-in carries the cookie, and its session is on the disk', async () => {
    const { browser, login, file } = ada
    expect([login.status, login.location]).toEqual([303, '/'])
    expect(login.cookies).toEqual([
      expect.stringMatching(
        /^id=[a-z2-7]{32};(?=.*\bpath=\/)(?=.*\bhttponly)(?=.*\bsamesite=lax)/i,
      ),
    ])
    expect(stored(file).data).toEqual({ user: { name: 'ada' } })
    expect((await browser.open('/')).text).toContain('Log out')
  })

  it('a second log-in gives a new ticket, and the old one is worth nothing', async () => {
    const browser = browse(served().url)
    const form = await browser.open('/')
    await form.press('Log in', { name: 'ada' })
    const old = browser.cookie()
    await form.press('Log in', { name: 'bob' })
    expect(browser.cookie()).not.toBe(old)
    expect((await browser.open('/')).text).toContain('Log out')
    const stale = await browser.ask('/', { headers: { cookie: old } })
    expect(await stale.text()).toContain('Log in')
  })

  it('a session that is only looked at stays alive', async () => {
    const { browser, file } = ada
    const soon = new Date(Date.now() + 600_000).toISOString()
    edit(file, (record) => ({ ...record, expires: soon }))
    expect((await browser.open('/')).cookies).toHaveLength(1)
    expect(Date.parse(stored(file).expires)).toBeGreaterThan(Date.parse(soon))
  })

  it('log-out clears the cookie and removes the file', async () => {
    const { browser, file } = ada
    const page = await browser.open('/')
    const { status, cookies } = await page.press('Log out')
    expect(status).toBe(303)
    expect(cookies).toEqual([
      expect.stringMatching(/^id=;(?=.*(max-age=0|expires=thu, 01 jan 1970))/i),
    ])
    expect(existsSync(file)).toBe(false)
    expect((await browser.open('/')).text).toBe('Log in')
  })
}

/** For a recipe whose page shows the cart, and whose form adds to it. */
export function testCart({ seat }: Table): void {
  it('the page greets by name', async () => {
    const { browser } = await seat('ada')
    expect((await browser.open('/')).text).toContain('Hello ada')
  })

  it('a file that is edited by hand counts at the next request', async () => {
    const { browser, file } = await seat('ada')
    edit(file, ({ data, ...record }) => ({ ...record, data: { ...data, user: { name: 'grace' } } }))
    expect((await browser.open('/')).text).toContain('Hello grace')
  })

  it('twenty requests at once keep twenty keys', async () => {
    const { browser, file } = await seat('ada')
    const page = await browser.open('/')
    await page.pressAtOnce(
      'Add',
      ITEMS.map((item) => ({ item })),
    )
    expect(Object.keys(stored(file).data.cart ?? {}).sort()).toEqual([...ITEMS].sort())
    const { text } = await browser.open('/')
    expect(ITEMS.filter((item) => !text.includes(item))).toEqual([])
  })
}

/** The record in a session file. */
export function stored(file: string): Stored {
  return JSON.parse(readFileSync(file, 'utf8')) as Stored
}

/** Changes a session file as somebody with an editor would. */
export function edit(file: string, change: (record: Stored) => Stored): void {
  writeFileSync(file, JSON.stringify(change(stored(file)), null, 2))
}

function filesIn({ sessions }: Served): string[] {
  if (!existsSync(sessions)) return []
  return readdirSync(sessions).filter((name) => name.endsWith('.json'))
}

function fileOf({ sessions }: Served, browser: Browser): string {
  return join(sessions, `${browser.cookie().replace('id=', '')}.json`)
}
