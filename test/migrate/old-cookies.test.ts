import { sealData } from 'iron-session'
import { describe, expect, it } from 'vitest'
import { jsonStore } from '../../src/stores/file/json-store.ts'
import { sealedCookie } from '../../src/transports/seal.ts'
import { iron, KEY, keygrip, movedApp, type Library } from './cookie-apps.ts'
import { SECRETS } from './express-apps.ts'
import { ask, Browser, directory, filesIn, type Site } from './kit.ts'

/** Apps whose cookie was the session move to sessions on the server, with the code that the document shows. */

const SOON = new Date(Date.now() + 3_600_000)
const PAST = new Date(Date.now() - 1000)

/** A browser that the old app has logged in; the old app is stopped. */
async function loggedIn(library: Library, key?: string): Promise<Browser> {
  const old = await library.start(key)
  const browser = new Browser()
  await browser.get(old, '/set?user=ada')
  expect((await browser.get(old, '/')).body).toEqual({ user: 'ada' })
  await old.stop()
  return browser
}

async function moved(
  library: Library,
  until = SOON,
  dir?: string,
): Promise<Site & { dir: string }> {
  const sessions = dir ?? (await directory())
  return { ...(await movedApp(library, until, { store: jsonStore(sessions) })), dir: sessions }
}

function without(cookies: readonly string[]): string[] {
  return cookies.map((name) => `-${name}`)
}

describe.each([iron, keygrip])('moving in from $name', (library) => {
  const gone = without(library.cookies)

  it('a browser stays logged in, and has our cookie alone from the first answer on', async () => {
    const browser = await loggedIn(library)
    const site = await moved(library)
    const first = await browser.get(site, '/')
    expect(first).toMatchObject({ body: { user: 'ada' }, cookies: ['id', ...gone] })
    expect(Object.keys(await browser.cookies(site))).toEqual(['id'])
    expect(Object.values(await filesIn(site.dir))).toMatchObject([{ data: { user: 'ada' } }])

    const second = await browser.get(site, '/set?cart=tea')
    expect(second).toMatchObject({ body: { user: 'ada', cart: 'tea' }, cookies: [] })
    expect(Object.keys(await filesIn(site.dir))).toHaveLength(1)
  })

  it('a browser without a session gets none', async () => {
    const site = await moved(library)
    expect(await new Browser().get(site, '/')).toMatchObject({ body: {}, cookies: [] })
    expect(await filesIn(site.dir)).toEqual({})
  })

  it('the old cookie is nothing from the day on', async () => {
    const browser = await loggedIn(library)
    const site = await moved(library, PAST)
    expect(await browser.get(site, '/')).toMatchObject({ body: {}, cookies: [] })
    expect(await browser.get(site, '/set?user=bob')).toMatchObject({
      body: { user: 'bob' },
      cookies: ['id', ...gone],
    })
  })

  it('log-out takes all cookies and the session away, for good', async () => {
    const browser = await loggedIn(library)
    const site = await moved(library)
    await browser.get(site, '/')
    expect((await browser.get(site, '/logout')).cookies).toEqual(['-id'])
    expect(await browser.cookies(site)).toEqual({})
    expect((await browser.get(site, '/')).body).toEqual({})
    expect(await filesIn(site.dir)).toEqual({})
  })

  it('log-out works as the first request', async () => {
    const browser = await loggedIn(library)
    const site = await moved(library)
    expect((await browser.get(site, '/logout')).cookies).toEqual(['-id', ...gone])
    expect(await browser.cookies(site)).toEqual({})
    expect((await browser.get(site, '/')).body).toEqual({})
    expect(await filesIn(site.dir)).toEqual({})
  })

  it('a stolen old cookie opens a session of its own until the day, and none from then on', async () => {
    const browser = await loggedIn(library)
    const thief = await browser.copy()
    const again = await browser.copy()
    const site = await moved(library)
    await browser.get(site, '/set?secret=1')
    expect((await thief.get(site, '/')).body).toEqual({ user: 'ada' })
    await browser.get(site, '/logout')
    expect((await thief.get(site, '/')).body).toEqual({ user: 'ada' })
    await site.stop()
    const later = await moved(library, PAST, site.dir)
    expect((await again.get(later, '/')).body).toEqual({})
  })

  it('an answer of 500 takes nothing away: the next request moves in', async () => {
    const browser = await loggedIn(library)
    const site = await moved(library)
    expect(await browser.get(site, '/fail')).toMatchObject({ status: 500, cookies: [] })
    expect(await filesIn(site.dir)).toEqual({})
    expect(await browser.get(site, '/')).toMatchObject({
      body: { user: 'ada' },
      cookies: ['id', ...gone],
    })
  })

  it('a session of ours counts, and not an old cookie beside it', async () => {
    const site = await moved(library)
    const mine = new Browser()
    await mine.get(site, '/set?user=bob')
    const theirs = await (await loggedIn(library)).cookies(site)
    for (const [name, value] of Object.entries(theirs)) {
      await mine.jar.setCookie(`${name}=${value}; Path=/`, site.url)
    }
    expect((await mine.get(site, '/')).body).toEqual({ user: 'bob' })
    expect((await mine.get(site, '/renew')).cookies).toEqual(['id', ...gone])
    expect((await mine.get(site, '/')).body).toEqual({ user: 'bob' })
  })

  it('a cookie of another app under our name does not keep a browser out', async () => {
    const browser = await loggedIn(library)
    const site = await moved(library)
    await browser.jar.setCookie('id=of-another-app; Path=/', site.url)
    expect((await browser.get(site, '/')).body).toEqual({ user: 'ada' })
  })

  it('an old cookie that was made with another key is nobody’s', async () => {
    const browser = await loggedIn(library, 'another key of the app, as long too')
    const site = await moved(library)
    expect(await browser.get(site, '/')).toMatchObject({ status: 200, body: {}, cookies: [] })
    expect(await filesIn(site.dir)).toEqual({})
  })

  it('an old cookie that was changed by one character anywhere is nobody’s', async () => {
    const cookies = await (await loggedIn(library)).cookies({ url: 'http://127.0.0.1/' } as Site)
    const site = await moved(library)
    for (const name of library.cookies) {
      const value = cookies[name] ?? ''
      for (let at = 0; at < value.length; at += 7) {
        const changed = value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
        const header = Object.entries({ ...cookies, [name]: changed }).map((pair) => pair.join('='))
        const answer = await ask(`${site.url}/`, header.join('; '))
        expect(answer, `${name} ${at}`).toMatchObject({ status: 200, body: {}, cookies: [] })
      }
    }
    expect(await filesIn(site.dir)).toEqual({})
  })

  it.each([
    ['a letter', 'x'],
    ['half an escape', '%'],
    ['a quote', '"'],
    ['a seal without content', 'Fe26.2*1*a*b*c*d*e*f~2'],
    ['a seal of another version', 'Fe26.1**a*b*c**d*e~2'],
    ['a seal that ends late', 'Fe26.2**a*b*c*9999999999999*d*e~2'],
    ['data without a signature', 'eyJ1c2VyIjoiYWRhIn0='],
    ['3,000 letters', 'x'.repeat(3000)],
  ])('a hostile old cookie is nobody’s: %s', async (_, value) => {
    const site = await moved(library)
    const header = library.cookies.map((name) => `${name}=${value}`).join('; ')
    expect(await ask(`${site.url}/`, header)).toMatchObject({ status: 200, body: {}, cookies: [] })
  })

  it('works with the session in our own cookie, too', async () => {
    const browser = await loggedIn(library)
    const site = await movedApp(library, SOON, {
      store: sealedCookie({ secrets: SECRETS.secrets ?? [] }),
    })
    expect(await browser.get(site, '/')).toMatchObject({
      body: { user: 'ada' },
      cookies: ['id', ...gone],
    })
    expect((await browser.get(site, '/logout')).cookies).toEqual(['-id'])
    expect((await browser.get(site, '/')).body).toEqual({})
  })

  it('going back, who has moved in is nobody there and can log in', async () => {
    const browser = await loggedIn(library)
    const site = await moved(library)
    await browser.get(site, '/')
    await site.stop()
    const old = await library.start()
    expect(await browser.get(old, '/')).toMatchObject({ status: 200, body: {} })
    await browser.get(old, '/set?user=ada')
    expect((await browser.get(old, '/')).body).toEqual({ user: 'ada' })
  })
})

describe('what only one of them has', () => {
  it('a seal of iron-session that is over is nobody’s', async () => {
    const site = await moved(iron)
    const sealed = (ttl: number) => sealData({ user: 'ada' }, { password: KEY, ttl })
    expect((await ask(`${site.url}/`, `app=${await sealed(60)}`)).body).toEqual({ user: 'ada' })
    // it grants a minute for clocks that differ
    expect((await ask(`${site.url}/`, `app=${await sealed(-61)}`)).body).toEqual({})
  })

  it('two visitors with the same cookie of cookie-session get a session each', async () => {
    const [ada, eve] = [await loggedIn(keygrip), await loggedIn(keygrip)]
    const site = await moved(keygrip)
    expect(await ada.cookies(site)).toEqual(await eve.cookies(site))
    await ada.get(site, '/set?card=4711')
    expect((await eve.get(site, '/')).body).toEqual({ user: 'ada' })
    expect(Object.keys(await filesIn(site.dir))).toHaveLength(2)
  })

  it('members with names of JavaScript stay plain members', async () => {
    const data = JSON.parse('{"__proto__":{"admin":true},"toString":1,"user":"ada"}') as object
    const site = await moved(iron)
    const sealed = await sealData(data, { password: KEY })
    const browser = new Browser()
    await browser.jar.setCookie(`app=${sealed}; Path=/`, site.url)
    for (const visit of ['first', 'second']) {
      const { body } = await browser.get(site, '/')
      expect(JSON.stringify(body), visit).toBe(JSON.stringify(data))
    }
  })
})
