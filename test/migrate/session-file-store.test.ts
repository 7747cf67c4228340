import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../../src/core/events.ts'
import { fromSessionFileStore } from '../../src/index.ts'
import type { Store } from '../../src/core/store.ts'
import { jsonStore } from '../../src/stores/file/json-store.ts'
import { cookie } from '../../src/transports/cookie.ts'
import {
  newApp,
  newAppOn,
  OLD_SECRET,
  oldApp,
  SECRETS,
  sign,
  type OldSettings,
} from './express-apps.ts'
import { ask, Browser, directory, filesIn, waiting, type Site } from './kit.ts'

/** Apps with express-session on session-file-store move to `vitrine/express` on the same directory. */

const OLD_ID = /^[A-Za-z0-9_-]{32}$/

/** A browser that the old app has logged in; the old app is stopped. */
async function loggedIn(dir: string, settings: OldSettings = {}): Promise<Browser> {
  const old = await oldApp(dir, settings)
  const browser = new Browser()
  await browser.get(old, '/set?user=ada')
  await old.stop()
  return browser
}

/** A file as session-file-store writes them, and the cookie that leads to it. */
async function oldFile(dir: string, content: unknown, id = oldId()): Promise<string> {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  await writeFile(join(dir, `${id}.json`), text)
  return cookieOf(id)
}

function cookieOf(id: string, secret = OLD_SECRET): string {
  return `connect.sid=${encodeURIComponent(`s:${sign(id, secret)}`)}`
}

function oldId(): string {
  return randomBytes(24).toString('base64url')
}

const HTTP_ONLY = { originalMaxAge: null, expires: null, httpOnly: true, path: '/' }

describe('a browser that was logged in before the move', () => {
  it('stays logged in; its first answer upgrades the file and changes the cookie', async () => {
    const dir = await directory()
    const browser = await loggedIn(dir)
    const [name = ''] = Object.keys(await filesIn(dir))
    expect(name.slice(0, -5)).toMatch(OLD_ID)

    const site = await newApp(dir)
    const first = await browser.get(site, '/')
    expect(first).toMatchObject({ body: { user: 'ada' }, cookies: ['id', '-connect.sid'] })
    expect(Object.keys(await browser.cookies(site))).toEqual(['id'])

    const files = await filesIn(dir)
    expect(Object.keys(files)).toEqual([name])
    expect(files[name]).toMatchObject({ id: name.slice(0, -5), idle: 3600, data: { user: 'ada' } })
    expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600)

    const second = await browser.get(site, '/set?cart=tea')
    expect(second).toMatchObject({ body: { user: 'ada', cart: 'tea' }, cookies: [] })
    expect((await filesIn(dir))[name]).toMatchObject({ data: { user: 'ada', cart: 'tea' } })
  })

  it('keeps what 20 requests at once store while the file is upgraded, by two servers', async () => {
    const dir = await directory()
    const browser = await loggedIn(dir)
    const sites = [await newApp(dir), await newApp(dir)]
    const tabs = await Promise.all(Array.from({ length: 20 }, () => browser.copy()))
    const answers = await Promise.all(
      tabs.map((tab, n) => tab.get(sites[n % 2] as Site, `/set?key${n}=${n}&wait=10`)),
    )
    expect(answers.map(({ status }) => status)).toEqual(tabs.map(() => 200))
    const all = Object.fromEntries(tabs.map((_, n) => [`key${n}`, String(n)]))
    expect(Object.values(await filesIn(dir))).toEqual([
      expect.objectContaining({ data: { user: 'ada', ...all } }),
    ])
    expect((await tabs[7]?.get(sites[0] as Site, '/'))?.body).toEqual({ user: 'ada', ...all })
  })

  it('finds the same session from a tab that still has the old cookie', async () => {
    const dir = await directory()
    const browser = await loggedIn(dir)
    const slow = await browser.copy()
    const site = await newApp(dir)
    await browser.get(site, '/set?cart=tea')
    expect((await slow.get(site, '/set?note=x')).body).toEqual({
      user: 'ada',
      cart: 'tea',
      note: 'x',
    })
    expect((await browser.get(site, '/')).body).toEqual({ user: 'ada', cart: 'tea', note: 'x' })
    expect(Object.keys(await filesIn(dir))).toHaveLength(1)
  })

  it('keeps its session whatever its id begins with', async () => {
    const dir = await directory()
    for (const start of ['-', '_', 'Q', '7']) {
      const id = start + oldId().slice(1)
      const browser = await loggedIn(dir, { genid: () => id })
      const site = await newApp(dir)
      expect((await browser.get(site, '/')).body).toEqual({ user: 'ada' })
      await site.stop()
    }
  })

  it('gets an id of ours at login; the old one leads nowhere then', async () => {
    const dir = await directory()
    const browser = await loggedIn(dir)
    const thief = await browser.copy()
    const site = await newApp(dir)
    await browser.get(site, '/renew')
    const { id } = await browser.cookies(site)
    expect(id).toMatch(/^[a-z2-7]{32}\./)
    expect((await browser.get(site, '/')).body).toEqual({ user: 'ada' })
    expect(await thief.get(site, '/')).toMatchObject({ body: {}, cookies: [] })
  })

  it('is still logged in when the move is over and its lines are gone', async () => {
    const dir = await directory()
    const browser = await loggedIn(dir)
    const site = await newApp(dir)
    await browser.get(site, '/renew')
    await site.stop()
    const plain = await newAppOn({ store: jsonStore(dir), transport: cookie(SECRETS) })
    expect((await browser.get(plain, '/')).body).toEqual({ user: 'ada' })
  })

  it('keeps the idle time that its cookie said', async () => {
    const dir = await directory()
    const browser = await loggedIn(dir, { cookie: { maxAge: 14 * 86_400_000 } })
    const site = await newApp(dir)
    const before = Date.now()
    await browser.get(site, '/')
    const [file = {}] = Object.values(await filesIn(dir))
    expect(file).toMatchObject({ idle: 14 * 86_400 })
    expect(Date.parse(file['expires'] as string)).toBeGreaterThanOrEqual(before + 14 * 86_400_000)
  })

  it('is found by another cookie name, path and secret of a rotated list', async () => {
    const dir = await directory()
    const secret = [OLD_SECRET, 'the one before']
    const named = { name: 'sess', cookie: { path: '/set' } }
    const browser = await loggedIn(dir, { ...named, secret: 'the one before' })
    const site = await newApp(dir, { ...named, secret })
    const answer = await browser.get(site, '/set?cart=tea')
    expect(answer).toMatchObject({ body: { user: 'ada', cart: 'tea' }, cookies: ['id', '-sess'] })
    expect((await browser.jar.getCookies(`${site.url}/set`)).map(({ key }) => key)).toEqual(['id'])
  })
})

describe('log-out', () => {
  it('removes the file; neither it nor the old cookie comes back', async () => {
    const dir = await directory()
    const browser = await loggedIn(dir)
    const thief = await browser.copy()
    const site = await newApp(dir)
    await browser.get(site, '/')
    expect((await browser.get(site, '/logout')).cookies).toEqual(['-id'])
    expect(await filesIn(dir)).toEqual({})
    expect((await thief.get(site, '/set?x=1')).body).toEqual({ x: '1' })
    expect((await browser.get(site, '/')).body).toEqual({})
  })

  it('works as the first request after the move', async () => {
    const dir = await directory()
    const browser = await loggedIn(dir)
    const site = await newApp(dir)
    expect((await browser.get(site, '/logout')).cookies).toEqual(['-id', '-connect.sid'])
    expect(await browser.cookies(site)).toEqual({})
    expect(await filesIn(dir)).toEqual({})
  })

  it('is not undone by a slower request with the old cookie', async () => {
    const dir = await directory()
    const browser = await loggedIn(dir)
    const slow = await browser.copy()
    const site = await newApp(dir)
    const late = slow.get(site, '/set?late=1&wait=2')
    await waiting(site, 1)
    await browser.get(site, '/logout')
    await Promise.all([late, new Browser().get(site, '/set?wait=2')])
    expect((await late).cookies).toEqual([])
    expect(await filesIn(dir)).toEqual({})
  })
})

describe('an old session that is over', () => {
  const AGO = (ms: number) => Date.now() - ms
  const user = 'ada'

  it.each([
    ['an hour after its last use', { cookie: HTTP_ONLY, user, __lastAccess: AGO(3_601_000) }, {}],
    [
      'after the ttl that was set',
      { cookie: HTTP_ONLY, user, __lastAccess: AGO(61_000) },
      { ttl: 60 },
    ],
    [
      'after the age of its cookie, whatever the ttl',
      { cookie: { ...HTTP_ONLY, originalMaxAge: 60_000 }, user, __lastAccess: AGO(61_000) },
      { ttl: 86_400 },
    ],
    ['when its last use is no time', { cookie: HTTP_ONLY, user, __lastAccess: 'yesterday' }, {}],
    ['when its last use lies days ahead', { cookie: HTTP_ONLY, user, __lastAccess: AGO(-1e9) }, {}],
    [
      'when its age is no number',
      { cookie: { originalMaxAge: '99999999' }, user, __lastAccess: AGO(0) },
      {},
    ],
  ])('is not accepted %s', async (_, file, settings) => {
    const dir = await directory()
    const cookie = await oldFile(dir, file)
    const site = await newApp(dir, settings)
    expect(await ask(`${site.url}/`, cookie)).toMatchObject({ body: {}, cookies: [] })
  })

  it('would have been accepted before it was over', async () => {
    const dir = await directory()
    const long = { ttl: 86_400 }
    const file = { cookie: HTTP_ONLY, user: 'ada', __lastAccess: Date.now() - 80_000_000 }
    const cookie = await oldFile(dir, file)
    const site = await newApp(dir, long)
    expect(await ask(`${site.url}/`, cookie)).toMatchObject({ body: { user: 'ada' } })
  })

  it('is swept away; what is none of ours stays', async () => {
    const dir = await directory()
    await oldFile(dir, { cookie: HTTP_ONLY, __lastAccess: Date.now() - 3_601_000 })
    const live = oldId()
    await oldFile(dir, { cookie: HTTP_ONLY, __lastAccess: Date.now() }, live)
    await writeFile(join(dir, 'package.json'), '{}')
    const { store } = fromSessionFileStore({ path: dir, secret: OLD_SECRET })
    expect(await (store as Required<Store>).reap(Date.now())).toBe(1)
    expect(Object.keys(await filesIn(dir)).sort()).toEqual([`${live}.json`, 'package.json'].sort())
  })
})

describe('an old cookie that was tampered with', () => {
  it.each([
    [
      'has another signature',
      (id: string) => cookieOf(id).replace(/.$/, (c) => (c === 'A' ? 'E' : 'A')),
    ],
    ['is signed with another secret', (id: string) => cookieOf(id, 'keyboard dog')],
    ['is not signed', (id: string) => `connect.sid=${id}`],
    ['has no signature behind its mark', (id: string) => `connect.sid=s%3A${id}`],
    ['has an empty signature', (id: string) => `connect.sid=s%3A${id}.`],
    [
      'carries the signature of another id',
      (id: string) => cookieOf(oldId()).replace(/s%3A.{32}/, `s%3A${id}`),
    ],
    ['is not well-formed', (id: string) => `${cookieOf(id)}%`],
    ['has a padded signature', (id: string) => `${cookieOf(id)}%3D`],
    ['has the name of ours', (id: string) => cookieOf(id).replace('connect.sid', 'id')],
  ])('is nobody’s, and no file is looked at, when it %s', async (_, forged) => {
    const dir = await directory()
    const id = oldId()
    await oldFile(dir, { cookie: HTTP_ONLY, user: 'ada', __lastAccess: Date.now() }, id)
    const read: string[] = []
    const { store, transport } = fromSessionFileStore({ path: dir, secret: OLD_SECRET }, SECRETS)
    const site = await newAppOn({
      ...(transport && { transport }),
      store: {
        ...(store as Store),
        read(id) {
          read.push(id)
          return (store as Store).read(id)
        },
      },
    })
    expect(await ask(`${site.url}/`, forged(id))).toMatchObject({
      status: 200,
      body: {},
      cookies: [],
    })
    expect(read).toEqual([])
    expect((await ask(`${site.url}/`, cookieOf(id))).body).toEqual({ user: 'ada' })
  })

  it.each(['../../../../etc/passwd', '..', '.vitrine', 'a/b', 'x'.repeat(200), 'ä'.repeat(32)])(
    'leads to no file though it is signed, as %s',
    async (id) => {
      const dir = await directory()
      const site = await newApp(dir)
      expect(await ask(`${site.url}/`, cookieOf(id))).toMatchObject({ status: 200, body: {} })
      expect(await filesIn(dir)).toEqual({})
    },
  )
})

describe('an old file that is no session', () => {
  const GARBLED = {
    empty: '',
    'cut off': '{"cookie":{"originalMaxAge":null},"user":"a',
    text: 'hello',
    null: 'null',
    'an array': '[{"cookie":{},"__lastAccess":1}]',
    'another object': '{"user":"ada"}',
    'without its last use': '{"cookie":{},"user":"ada"}',
    'with a cookie that is a text': '{"cookie":"x","__lastAccess":9999999999999}',
    'half encrypted': '{"ct":"x","user":"ada"}',
  }

  it.each(Object.entries(GARBLED))(
    'is set aside with the reason and reported: %s',
    async (_, text) => {
      const dir = await directory()
      const id = oldId()
      const cookie = await oldFile(dir, text, id)
      const events: SessionEvent[] = []
      const site = await newApp(dir, {}, { report: (event) => events.push(event) })
      expect(await ask(`${site.url}/set?user=bob`, cookie)).toMatchObject({
        body: { user: 'bob' },
        cookies: ['id', '-connect.sid'],
      })
      expect(events).toContainEqual(expect.objectContaining({ type: 'corrupt' }))
      const kept = await readdir(join(dir, '.vitrine', 'quarantine'))
      const file = kept.find((name) => name.startsWith(id) && !name.endsWith('.reason'))
      expect(await readFile(join(dir, '.vitrine', 'quarantine', file ?? ''), 'utf8')).toBe(text)
      expect(kept).toContain(`${file}.reason`)
    },
  )

  it('is not followed when it is a link, and what it leads to stays as it is', async () => {
    const outside = join(await directory(), 'secret.json')
    const text = JSON.stringify({ cookie: HTTP_ONLY, user: 'root', __lastAccess: Date.now() })
    await writeFile(outside, text)
    const dir = await directory()
    const id = oldId()
    await symlink(outside, join(dir, `${id}.json`))
    const site = await newApp(dir)
    expect((await ask(`${site.url}/set?x=1`, cookieOf(id))).body).toEqual({ x: '1' })
    expect(await readFile(outside, 'utf8')).toBe(text)
  })

  it('does no harm as a directory', async () => {
    const dir = await directory()
    const id = oldId()
    await mkdir(join(dir, `${id}.json`))
    const site = await newApp(dir)
    expect(await ask(`${site.url}/`, cookieOf(id))).toMatchObject({ status: 200, body: {} })
  })

  it('keeps members with names of JavaScript as plain members', async () => {
    const dir = await directory()
    const text = `{"cookie":{},"__proto__":{"admin":true},"constructor":1,"__lastAccess":${Date.now()}}`
    const cookie = await oldFile(dir, text)
    const site = await newApp(dir)
    const { body } = await ask(`${site.url}/set?x=1`, cookie)
    expect(Object.entries(body as object)).toEqual([
      ['__proto__', { admin: true }],
      ['constructor', 1],
      ['x', '1'],
    ])
  })
})

describe('files that session-file-store encrypted', () => {
  it('stay where they are, byte for byte, with one warning; their users log in anew', async () => {
    const dir = await directory()
    const browser = await loggedIn(dir, { store: { secret: 'of the files' } })
    const name = (await readdir(dir)).find((file) => file.endsWith('.json')) ?? ''
    const before = await readFile(join(dir, name))
    const events: SessionEvent[] = []
    const site = await newApp(dir, {}, { report: (event) => events.push(event) })

    expect(await browser.get(site, '/')).toMatchObject({ status: 200, body: {}, cookies: [] })
    const warnings = () => events.filter((event) => event.type === 'warning')
    expect(warnings()).toEqual([expect.objectContaining({ code: 'ENCRYPTED' })])
    expect((await browser.get(site, '/')).body).toEqual({})
    expect(warnings()).toHaveLength(1)
    expect(await browser.get(site, '/set?user=ada')).toMatchObject({
      body: { user: 'ada' },
      cookies: ['id', '-connect.sid'],
    })
    const { store } = fromSessionFileStore({ path: dir, secret: OLD_SECRET })
    await (store as Required<Store>).reap(Date.now() + 1e12)
    expect(await readFile(join(dir, name))).toEqual(before)
  })
})

describe('going back to the old app', () => {
  it('those who were not here meanwhile are logged in; the others log in anew', async () => {
    const dir = await directory()
    const [away, here] = [await loggedIn(dir), await loggedIn(dir)]
    const site = await newApp(dir)
    await here.get(site, '/set?cart=tea')
    await site.stop()

    const old = await oldApp(dir)
    expect(await away.get(old, '/')).toMatchObject({ status: 200, body: { user: 'ada' } })
    expect(await here.get(old, '/set?user=ada')).toMatchObject({
      status: 200,
      body: { user: 'ada' },
    })
    expect(await here.get(old, '/')).toMatchObject({ status: 200, body: { user: 'ada' } })
  })
})

describe('settings that make no sessions', () => {
  it.each([
    [{ secret: '' }, 'secret'],
    [{ secret: [] }, 'secret'],
    [{ secret: undefined as unknown as string }, 'secret'],
    [{ secret: OLD_SECRET, ttl: 0 }, 'ttl'],
    [{ secret: OLD_SECRET, ttl: NaN }, 'ttl'],
    [{ secret: OLD_SECRET, name: 'a b' }, 'name'],
  ])('are refused at the start: %o', (settings, named) => {
    expect(() => fromSessionFileStore(settings)).toThrow(
      expect.objectContaining({
        code: 'CONFIG',
        message: expect.stringContaining(named) as string,
      }),
    )
  })
})
