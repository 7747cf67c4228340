import { cp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ExpressSessionStore } from '../../src/express-session.ts'
import { jsonStore } from '../../src/stores/file/json-store.ts'
import { finish, start } from '../readme/process.ts'
import { makeProject } from '../runtimes/project.ts'
import { shownProgram } from './document.ts'
import { oldApp, oldAppOn, type OldSettings } from './express-apps.ts'
import { Browser, directory, filesIn, type Site } from './kit.ts'

/** Apps keep express-session and leave session-file-store, with the program that the document shows. */

/** A project with the program in it. @returns its directory and what runs the program */
async function project(change = (text: string): string => text) {
  const dir = await directory()
  makeProject(dir, ['express-session', 'session-file-store'])
  await writeFile(join(dir, 'move.js'), change(shownProgram('Keep express-session')))
  return { dir, move: () => finish(start(dir, process.execPath, ['move.js'])) }
}

async function loggedIn(dir: string, user: string, settings: OldSettings = {}): Promise<Browser> {
  const old = await oldApp(join(dir, 'sessions'), settings)
  const browser = new Browser()
  await browser.get(old, `/set?user=${user}`)
  await old.stop()
  return browser
}

function keptApp(dir: string): Promise<Site> {
  return oldAppOn(new ExpressSessionStore(jsonStore(join(dir, 'sessions')), { report: () => {} }))
}

describe('the files of session-file-store under ExpressSessionStore', () => {
  it('are not found without the copy, and stay as they are', async () => {
    const { dir } = await project()
    const browser = await loggedIn(dir, 'ada')
    const before = await filesIn(join(dir, 'sessions'))
    const site = await keptApp(dir)
    expect((await browser.get(site, '/')).body).toEqual({})
    expect(await filesIn(join(dir, 'sessions'))).toEqual(before)
  })

  it('are copied once: everybody stays logged in, with the cookie he has', async () => {
    const { dir, move } = await project()
    const ada = await loggedIn(dir, 'ada')
    const bob = await loggedIn(dir, 'bob', { cookie: { maxAge: 14 * 86_400_000 } })
    const before = await filesIn(join(dir, 'sessions'))
    await move()

    const site = await keptApp(dir)
    const cookies = await ada.cookies(site)
    expect((await ada.get(site, '/')).body).toEqual({ user: 'ada' })
    expect((await bob.get(site, '/set?cart=tea')).body).toEqual({ user: 'bob', cart: 'tea' })
    expect((await bob.get(site, '/')).body).toEqual({ user: 'bob', cart: 'tea' })
    expect(await ada.cookies(site)).toEqual(cookies)
    const after = Object.entries(await filesIn(join(dir, 'sessions')))
    expect(after.map(([name]) => name)).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}\.json$/),
      expect.stringMatching(/^[0-9a-f]{64}\.json$/),
    ])
    expect(JSON.stringify(after)).not.toContain('__lastAccess')
    const days = after.map(
      ([, { expires }]) => (Date.parse(expires as string) - Date.now()) / 86_400_000,
    )
    expect(new Set(days.map(Math.round))).toEqual(new Set([0, 14]))
    expect(await filesIn(join(dir, 'sessions-old'))).toEqual(before)
  })

  it('then lose nothing of 20 requests at once, and a log-out stays one', async () => {
    const { dir, move } = await project()
    const browser = await loggedIn(dir, 'ada')
    await move()
    const site = await keptApp(dir)
    const tabs = await Promise.all(Array.from({ length: 20 }, () => browser.copy()))
    await Promise.all(tabs.map((tab, n) => tab.get(site, `/set?key${n}=${n}&wait=20`)))
    const all = Object.fromEntries(tabs.map((_, n) => [`key${n}`, String(n)]))
    expect((await browser.get(site, '/')).body).toEqual({ user: 'ada', ...all })
    await browser.get(site, '/logout')
    expect((await (tabs[0] as Browser).get(site, '/')).body).toEqual({})
  })

  it('that are over are not copied', async () => {
    const { dir, move } = await project()
    const browser = await loggedIn(dir, 'ada')
    const [name = ''] = Object.keys(await filesIn(join(dir, 'sessions')))
    const file = join(dir, 'sessions', name)
    const text = (await readFile(file, 'utf8')).replace(
      /"__lastAccess":\d+/,
      `"__lastAccess":${Date.now() - 3_700_000}`,
    )
    await writeFile(file, text)
    await utimes(file, new Date(), new Date())
    await loggedIn(dir, 'bob')
    await move()
    expect(Object.keys(await filesIn(join(dir, 'sessions')))).toHaveLength(1)
    expect((await browser.get(await keptApp(dir), '/')).body).toEqual({})
  })

  it('are copied when they are encrypted, since their own store reads them', async () => {
    const { dir, move } = await project((text) =>
      text.replace('reapInterval: -1', "reapInterval: -1, secret: 'of the files'"),
    )
    const browser = await loggedIn(dir, 'ada', { store: { secret: 'of the files' } })
    await move()
    expect((await browser.get(await keptApp(dir), '/')).body).toEqual({ user: 'ada' })
  })

  it('are not copied twice over what was stored since', async () => {
    const { dir, move } = await project()
    const browser = await loggedIn(dir, 'ada')
    await move()
    const site = await keptApp(dir)
    await browser.get(site, '/logout')
    await expect(move()).rejects.toThrow('This has been done')
    expect((await browser.get(site, '/')).body).toEqual({})
  })

  it('are there for the old app again when the directory is renamed back', async () => {
    const { dir, move } = await project()
    const browser = await loggedIn(dir, 'ada')
    await move()
    const site = await keptApp(dir)
    await browser.get(site, '/set?cart=tea')
    await site.stop()
    await rm(join(dir, 'sessions'), { recursive: true })
    await cp(join(dir, 'sessions-old'), join(dir, 'sessions'), { recursive: true })
    expect(await readdir(join(dir, 'sessions'))).toHaveLength(1)
    const old = await oldApp(join(dir, 'sessions'))
    expect((await browser.get(old, '/')).body).toEqual({ user: 'ada' })
  })
})
