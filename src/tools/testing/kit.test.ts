import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { SessionEvent } from '../../core/events.ts'
import type { Session } from '../../core/session.ts'
import type { Transport } from '../../core/transport.ts'
import type { Options } from '../../sessions/options.ts'
import { createSessions, type Sessions } from '../../sessions/sessions.ts'
import { memoryStore } from '../../stores/memory.ts'
import { cookie as byCookie } from '../../transports/cookie.ts'
import { sealedCookie } from '../../transports/seal.ts'
import { withSession } from '../../adapters/web.ts'
import { changesOf, cookieFor } from './kit.ts'

const secrets = ['lQ2mVw8rTz5yXc1nBk7jHd4gFs9aPe6u']

/** Every way a session can be kept that a test of an app may meet. */
const kinds: readonly (readonly [kind: string, options: () => Options])[] = [
  ['a store', () => ({ store: memoryStore() })],
  [
    'a store and signed cookies',
    () => ({ store: memoryStore(), transport: byCookie({ secrets }) }),
  ],
  ['a sealed cookie', () => ({ store: sealedCookie({ secrets }) })],
]

/** Sends one request to an app of one handler. */
function send(
  sessions: Sessions,
  cookie: string,
  handle: (session: Session) => void,
  origin = 'http://localhost',
): Promise<Response> {
  const app = withSession(sessions)((_, session) => {
    handle(session)
    return new Response(null, { status: 204 })
  })
  return app(new Request(origin, { headers: cookie === '' ? {} : { cookie } }))
}

describe.each(kinds)('with %s', (_, options) => {
  it('cookieFor stores a session that the app then finds', async () => {
    const sessions = createSessions(options())
    const cookie = await cookieFor(sessions, { user: 'ada', cart: ['tea'] })
    expect(cookie).toMatch(/^id=[\w.~-]+$/)
    let found: unknown
    await send(sessions, cookie, ({ data }) => (found = data))
    expect(found).toEqual({ user: 'ada', cart: ['tea'] })
  })

  it('cookieFor stores a session that holds nothing', async () => {
    const sessions = createSessions(options())
    const cookie = await cookieFor(sessions, {})
    let isNew: unknown
    await send(sessions, cookie, (session) => (isNew = session.isNew))
    expect(isNew).toBe(false)
  })

  it('cookieFor asks for the cookie of a secure request', async () => {
    const sessions = createSessions(options())
    const cookie = await cookieFor(sessions, { user: 'ada' }, { secure: true })
    expect(cookie).toMatch(/^__Host-id=/)
    const login = ({ data }: Session) => void (data['user'] = 'bob')
    const changes = await changesOf(sessions, cookie, () =>
      send(sessions, cookie, login, 'https://localhost'),
    )
    expect(changes).toEqual([{ op: 'change', path: 'user', before: 'ada', after: 'bob' }])
  })

  it('changesOf tells what was added, changed and removed, by path', async () => {
    const sessions = createSessions(options())
    const cookie = await cookieFor(sessions, {
      cart: { items: ['tea', 'milk'], 'gift card': null },
      user: 'ada',
      same: [1, { a: 2 }],
    })
    const changes = await changesOf(sessions, cookie, () =>
      send(sessions, cookie, (session) => {
        session.data['cart'] = { items: ['coffee'], 'gift card': 5 }
        session.data['visits'] = 1
        delete session.data['user']
      }),
    )
    expect(changes).toHaveLength(5)
    expect(changes).toEqual(
      expect.arrayContaining([
        { op: 'change', path: 'cart.items[0]', before: 'tea', after: 'coffee' },
        { op: 'remove', path: 'cart.items[1]', before: 'milk' },
        { op: 'change', path: 'cart["gift card"]', before: null, after: 5 },
        { op: 'remove', path: 'user', before: 'ada' },
        { op: 'add', path: 'visits', after: 1 },
      ]),
    )
    const added = changes.find(({ op }) => op === 'add')
    expect(Object.keys(added as object)).toEqual(['op', 'path', 'after'])
  })

  it('changesOf tells nothing where nothing changed', async () => {
    const sessions = createSessions(options())
    const cookie = await cookieFor(sessions, { user: 'ada' })
    expect(
      await changesOf(sessions, cookie, () => send(sessions, cookie, ({ data }) => void data)),
    ).toEqual([])
  })

  it('changesOf follows a login of a stranger, a new id and a log-out', async () => {
    const sessions = createSessions(options())
    let cookie = ''
    const step = (handle: (session: Session) => void) =>
      changesOf(sessions, cookie, async () => {
        const response = await send(sessions, cookie, handle)
        cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
        return response
      })
    expect(await step(({ data }) => void (data['user'] = 'ada'))).toEqual([
      { op: 'add', path: 'user', after: 'ada' },
    ])
    const before = cookie
    expect(
      await step((session) => {
        session.renew()
        session.data['role'] = 'admin'
      }),
    ).toEqual([{ op: 'add', path: 'role', after: 'admin' }])
    expect(cookie).not.toBe(before)
    expect(await step((session) => session.destroy())).toEqual([
      { op: 'remove', path: 'user', before: 'ada' },
      { op: 'remove', path: 'role', before: 'admin' },
    ])
  })

  it('looking stores nothing and takes no message', async () => {
    const clock = { now: Date.now() }
    const sessions = createSessions({ ...options(), now: () => clock.now })
    let cookie = await cookieFor(sessions, { user: 'ada' })
    const told = await send(sessions, cookie, (session) => session.flash('notice', 'Saved'))
    cookie = told.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    clock.now += 90 * 60_000
    await changesOf(sessions, cookie, async () => undefined)
    clock.now += 29 * 60_000
    let notice: unknown
    await send(sessions, cookie, (session) => (notice = session.flash('notice')))
    expect(notice).toBe('Saved')

    const other = await cookieFor(sessions, { user: 'bob' })
    clock.now += 90 * 60_000
    await changesOf(sessions, other, async () => undefined)
    clock.now += 31 * 60_000
    let isNew: unknown
    await send(sessions, other, (session) => (isNew = session.isNew))
    expect(isNew, 'a look would have kept it alive').toBe(true)
  })
})

describe('changesOf', () => {
  const sealed = () => createSessions({ store: sealedCookie({ secrets }) })
  const buy = ({ data }: Session) => void (data['item'] = 'tea')
  const bought = [{ op: 'add', path: 'item', after: 'tea' }]

  it.each<[what: string, as: (response: Response) => unknown]>([
    ['of fetch', (response) => response],
    [
      'with a list of cookies',
      ({ headers }) => ({ headers: { 'set-cookie': headers.getSetCookie() } }),
    ],
    [
      'with one cookie',
      ({ headers }) => ({ headers: { 'set-cookie': headers.getSetCookie()[0] } }),
    ],
    ['among others', (response) => [new Response(), undefined, { headers: {} }, response]],
  ])('finds the new cookie in a response %s', async (_, as) => {
    const sessions = sealed()
    const cookie = await cookieFor(sessions, { user: 'ada' })
    const changes = await changesOf(sessions, cookie, async () =>
      as(await send(sessions, cookie, buy)),
    )
    expect(changes).toEqual(bought)
  })

  it('leaves the other cookies of a browser alone', async () => {
    const sessions = sealed()
    const cookie = `theme=a%20b; ${await cookieFor(sessions, { user: 'ada' })}; csrf="x"`
    expect(await changesOf(sessions, cookie, () => send(sessions, cookie, buy))).toEqual(bought)
  })

  it('needs no response where the store has the session', async () => {
    const sessions = createSessions({ store: memoryStore() })
    const cookie = await cookieFor(sessions, { n: 1 })
    const changes = await changesOf(sessions, cookie, async () => {
      await Promise.all(
        Array.from({ length: 5 }, () =>
          send(sessions, cookie, (session) =>
            session.update((data) => void (data['n'] = Number(data['n']) + 1)),
          ),
        ),
      )
    })
    expect(changes).toEqual([{ op: 'change', path: 'n', before: 1, after: 6 }])
  })

  it('takes who has no session to have no data, whatever the schema begins with', async () => {
    const schema = z.object({ items: z.array(z.string()).default([]) })
    const sessions = createSessions({ store: memoryStore(), schema })
    const app = withSession(sessions)((request, session) => {
      if (request.method === 'DELETE') session.destroy()
      else session.data.items.push('tea')
      return new Response()
    })
    const request = (method: string, cookie: string) =>
      app(new Request('http://localhost', { method, headers: { cookie } }))
    expect(await changesOf(sessions, '', () => request('POST', ''))).toEqual([
      { op: 'add', path: 'items', after: ['tea'] },
    ])
    const cookie = await cookieFor(sessions, {})
    expect(await changesOf(sessions, cookie, () => request('DELETE', cookie))).toEqual([
      { op: 'remove', path: 'items', before: [] },
    ])
  })

  it('causes no event of its own, also when the cookie is cleared', async () => {
    const events: SessionEvent[] = []
    const report = (event: SessionEvent) => void events.push(event)
    const sessions = createSessions({ store: memoryStore(), report })
    const cookie = await cookieFor(sessions, { user: 'ada' })
    events.length = 0
    await changesOf(sessions, cookie, () => send(sessions, cookie, (session) => session.destroy()))
    expect(events.map(({ type }) => type)).toEqual(['destroyed'])
  })

  it('passes cookies on byte for byte', async () => {
    const transport: Transport = {
      name: 'raw',
      receive: async ({ headers }) => {
        const value = /(?:^|; )raw=([^;]*)/.exec(headers.get('cookie') ?? '')?.[1]
        return value?.startsWith('+/=') ? [value.slice(3)] : []
      },
      send: async (ticket) => [['set-cookie', `raw=+/=${ticket}`]],
      clear: () => [],
    }
    const sessions = createSessions({ store: memoryStore(), transport })
    const cookie = await cookieFor(sessions, { user: 'ada' })
    expect(await changesOf(sessions, cookie, () => send(sessions, cookie, buy))).toEqual(bought)
  })

  it('passes on what the request fails with', async () => {
    const sessions = sealed()
    await expect(changesOf(sessions, '', () => Promise.reject(new Error('down')))).rejects.toThrow(
      'down',
    )
  })

  it('looks with the request that the cookie depends on', async () => {
    const transport = byCookie((request) => ({
      name: new URL(request.url ?? '').hostname === 'shop.test' ? 'shop' : 'id',
    }))
    const sessions = createSessions({ store: memoryStore(), transport })
    const incoming = { url: 'http://shop.test/' }
    const cookie = await cookieFor(sessions, { user: 'ada' }, incoming)
    expect(cookie).toMatch(/^shop=/)
    const changes = await changesOf(
      sessions,
      cookie,
      () => send(sessions, cookie, buy, incoming.url),
      incoming,
    )
    expect(changes).toEqual(bought)
  })
})

describe('cookieFor', () => {
  const schema = z.object({ items: z.array(z.string()).default([]), user: z.string().optional() })

  it('takes what holds sessions: a middleware', async () => {
    const middleware = { sessions: createSessions({ store: memoryStore(), schema }) }
    const cookie = await cookieFor(middleware, { user: 'ada' })
    const changes = await changesOf(middleware, cookie, async () => undefined)
    expect(changes).toEqual([])
    const session = await middleware.sessions.open({ headers: new Headers({ cookie }) })
    expect(session.data).toEqual({ items: [], user: 'ada' })
  })

  it('fills in what the schema has defaults for', async () => {
    const store = memoryStore()
    await cookieFor(createSessions({ store, schema }), { user: 'ada' })
    for await (const id of store.ids?.() ?? []) {
      expect((await store.read(id))?.record.data).toEqual({ items: [], user: 'ada' })
    }
    expect.hasAssertions()
  })

  it('refuses data that the schema refuses', async () => {
    const sessions = createSessions({ store: memoryStore(), schema })
    const wrong = { user: 5 as unknown as string }
    await expect(cookieFor(sessions, wrong)).rejects.toMatchObject({ code: 'INVALID' })
  })

  it('says so when the sessions do not travel by cookie', async () => {
    const sessions = createSessions({
      store: memoryStore(),
      transport: {
        name: 'bearer',
        receive: async () => [],
        send: async () => [['x-ticket', 'secret']],
        clear: () => [],
      },
    })
    await expect(cookieFor(sessions, {})).rejects.toThrow(TypeError)
  })
})
