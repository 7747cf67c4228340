import { expect } from 'vitest'
import { Browser, raw, type App } from '../kit.ts'
import type { Cell } from '../matrix.ts'
import { login, pairOf, store } from './apps.ts'

const KEYS = ['cookie', 'save', 'touch', 'id', 'then', 'toJSON', '__proto__', 'constructor']

/** When something is stored, and when nothing is. */
export function storing(cell: Cell): void {
  cell.it('a request that leaves its session alone: no record, no cookie, no I/O', async () => {
    const origin = await cell.start(() => ({ body: 'hello' }))
    const reply = await raw(origin)
    expect(reply).toMatchObject({ status: 200, json: 'hello', cookies: [] })
    expect(reply.headers).not.toHaveProperty('vary')
    expect(reply.headers).not.toHaveProperty('cache-control')
    expect([...cell.watched.calls, ...cell.watched.log]).toEqual([])
  })

  cell.it('a stranger whose session was looked at: no record, no cookie, no I/O', async () => {
    const reply = await raw(await cell.start(store))
    expect(reply).toMatchObject({ json: {}, cookies: [] })
    expect([...cell.watched.calls, ...cell.watched.log]).toEqual([])
  })

  cell.it('the first write sends one cookie; the next request sees the data', async () => {
    const browser = new Browser(await cell.start(store))
    expect((await browser.get('/?user=ada')).cookies).toHaveLength(1)
    expect(cell.watched.log).toEqual(['stored'])
    expect(await browser.get('/')).toMatchObject({ json: { user: 'ada' }, cookies: [] })
  })

  cell.it('a session that is only read is read once and not written', async () => {
    const origin = await cell.start((session, url) =>
      url.pathname === '/blind' ? { body: 'hello' } : store(session, url),
    )
    const pair = pairOf(await raw(`${origin}/?user=ada`))
    cell.watched.calls.length = 0
    const looked = await raw(origin, [['cookie', pair]])
    expect(looked).toMatchObject({
      json: { user: 'ada' },
      cookies: [],
      headers: { vary: 'Cookie' },
    })
    const blind = await raw(`${origin}/blind`, [['cookie', pair]])
    expect(blind).toMatchObject({ json: 'hello', cookies: [] })
    expect(blind.headers).not.toHaveProperty('vary')
    expect(cell.watched.log).toEqual(['stored'])
    expect(cell.watched.calls.filter((call) => !call.startsWith('read'))).toEqual([])
    expect(cell.watched.calls.length).toBeLessThanOrEqual(2)
  })

  cell.it('a nested change counts, an assignment of the same value does not', async () => {
    const app: App = (session, url) => {
      const data = session.data as { cart?: { items: string[] } }
      data.cart = { items: [...(data.cart?.items ?? [])] }
      const item = url.searchParams.get('item')
      if (item) data.cart.items.push(item)
      return { body: data }
    }
    const browser = new Browser(await cell.start(app))
    await browser.get('/')
    await browser.get('/?item=tea')
    const third = await browser.get('/')
    expect(third).toMatchObject({ json: { cart: { items: ['tea'] } }, cookies: [] })
    expect(cell.watched.log).toEqual(['stored', 'stored'])
  })

  cell.it(
    'a redirect after a login never overtakes the login, however slow the store',
    async () => {
      cell.watched.beforeWrite = () => new Promise((resolve) => setTimeout(resolve, 200))
      const app: App = (session, url) => {
        if (url.pathname === '/home') return { body: session.data }
        session.data['user'] = 'ada'
        return { location: '/home' }
      }
      const browser = new Browser(await cell.start(app))
      const reply = await browser.get('/login')
      cell.watched.log.push('answered')
      expect(reply.status).toBe(302)
      expect(reply.cookies).toHaveLength(1)
      const home = new URL(reply.headers.location ?? '', browser.origin).pathname
      expect((await browser.get(home)).json).toEqual({ user: 'ada' })
      expect(cell.watched.log).toEqual(['stored', 'answered'])
    },
  )

  cell.it(`data is plain under any key: ${KEYS.join(', ')}`, async () => {
    const app: App = (session, url) => {
      for (const key of url.pathname === '/set' ? KEYS : []) {
        const value = { of: key }
        Object.defineProperty(session.data, key, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        })
      }
      return { body: Object.entries(session.data) }
    }
    const browser = new Browser(await cell.start(app))
    await browser.get('/set')
    const entries = (await browser.get('/')).json as [string, unknown][]
    expect(new Map(entries)).toEqual(new Map(KEYS.map((key) => [key, { of: key }])))
    expect({}).not.toHaveProperty('of')
  })

  cell.it('a touch and a new Max-Age come once a beat, and stop at the lifetime', async () => {
    let now = Date.now()
    const options = { now: () => now, idle: '80s', lifetime: '110s' } as const // a beat of 10 s
    const browser = new Browser(await cell.start(store, options))
    const start = now
    const at = async (seconds: number, path = '/'): Promise<object> => {
      now = start + seconds * 1000
      const { cookies, json } = await raw(browser.origin + path, [['cookie', pair]])
      pair = pairOf({ cookies } as never) || pair
      return { json, maxAge: cookies.map((line) => Number(/Max-Age=(\d+)/.exec(line)?.[1])) }
    }
    let pair = ''
    expect(await at(0, '/?user=ada')).toMatchObject({ maxAge: [80] })
    expect(await at(9)).toEqual({ json: { user: 'ada' }, maxAge: [] })
    expect(await at(11)).toEqual({ json: { user: 'ada' }, maxAge: [80] })
    expect(await at(85)).toEqual({ json: { user: 'ada' }, maxAge: [25] })
    expect(await at(109)).toEqual({ json: { user: 'ada' }, maxAge: [] })
    expect(await at(110)).toEqual({ json: {}, maxAge: [] })
    expect(cell.watched.log).toHaveLength(3)
  })

  cell.it('a session ends after its idle time, and its id does not come back', async () => {
    let now = Date.now()
    const origin = await cell.start(store, { now: () => now })
    const old = pairOf(await raw(`${origin}/?user=ada`))
    now += 2 * 3_600_000
    const late: [string, string][] = [['cookie', old]]
    expect(await raw(origin, late)).toMatchObject({ status: 200, json: {}, cookies: [] })
    const fresh = await raw(`${origin}/?user=eve`, late)
    expect(fresh.json).toEqual({ user: 'eve' })
    expect(fresh.cookies).toHaveLength(1)
    expect(pairOf(fresh)).not.toBe(old)
  })

  cell.it('what the app says about its answer is left as it is', async () => {
    const origin = await cell.start((session) => ({
      ...login(session),
      status: 201,
      headers: { 'x-one': 'two' },
    }))
    const reply = await raw(origin)
    expect(reply).toMatchObject({ status: 201, json: 'hello', headers: { 'x-one': 'two' } })
    expect(reply.cookies).toHaveLength(1)
  })
}
