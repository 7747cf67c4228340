import { expect } from 'vitest'
import { cookie } from '../../../src/transports/cookie.ts'
import { Browser, raw } from '../kit.ts'
import type { Cell } from '../matrix.ts'
import { account, attributesOf, login, pairOf, store } from './apps.ts'

const HTTPS = [['x-forwarded-proto', 'https']] as const

/** Name and attributes of the cookie. */
export function cookies(cell: Cell): void {
  const PLAIN = { name: 'id', Path: '/', HttpOnly: '', SameSite: 'Lax' }

  cell.it('is HttpOnly, SameSite=Lax, for the whole site and for two hours', async () => {
    const { cookies } = await raw(await cell.start(login))
    expect(cookies).toEqual([expect.stringMatching(/^id=.*; Max-Age=7200; /)])
    expect(attributesOf(cookies[0] as string)).toEqual(PLAIN)
  })

  cell.it('is never Secure because a client says that it spoke TLS', async () => {
    const claims = [
      ...HTTPS,
      ['forwarded', 'proto=https;host=example.com'],
      ['x-forwarded-protocol', 'https'],
      ['x-forwarded-ssl', 'on'],
      ['x-url-scheme', 'https'],
      ['front-end-https', 'on'],
    ] as const
    const { cookies } = await raw(await cell.start(login), claims)
    expect(attributesOf(cookies[0] as string)).toEqual(PLAIN)
  })

  cell.it(
    'is __Host-id and Secure behind a proxy that the app trusts and that spoke TLS',
    async () => {
      const origin = await cell.start(store, {}, { trustProxy: true })
      const made = await raw(`${origin}/?user=ada`, HTTPS)
      const expected = { ...PLAIN, name: '__Host-id', Secure: '' }
      expect(attributesOf(made.cookies[0] as string)).toEqual(expected)
      const back = await raw(origin, [['cookie', pairOf(made)], ...HTTPS])
      expect(back.json).toEqual({ user: 'ada' })
    },
    'a proxy to trust',
  )

  cell.it(
    'is not Secure behind a proxy that the app trusts and that spoke plain HTTP',
    async () => {
      const origin = await cell.start(login, {}, { trustProxy: true })
      const { cookies } = await raw(origin, [['x-forwarded-proto', 'http']])
      expect(attributesOf(cookies[0] as string)).toEqual(PLAIN)
    },
    'a proxy to trust',
  )

  cell.it(
    'counts over TLS only under its __Host- name, which no other host can plant',
    async () => {
      const origin = await cell.start(store, {}, { trustProxy: true })
      const pair = pairOf(await raw(`${origin}/?user=ada`, HTTPS))
      const planted = pair.replace('__Host-', '')
      const reply = await raw(origin, [['cookie', planted], ...HTTPS])
      expect(reply).toMatchObject({ status: 200, json: {}, cookies: [] })
    },
    'a proxy to trust',
  )

  cell.it('is Secure under a __Host- name that the app chose, also over plain HTTP', async () => {
    const origin = await cell.start(store, { transport: cookie({ name: '__Host-sid' }) })
    const made = await raw(`${origin}/?user=ada`)
    const expected = { ...PLAIN, name: '__Host-sid', Secure: '' }
    expect(attributesOf(made.cookies[0] as string)).toEqual(expected)
    expect((await raw(origin, [['cookie', pairOf(made)]])).json).toEqual({ user: 'ada' })
  })

  cell.it('can be Partitioned', async () => {
    const transport = cookie({ secure: true, sameSite: 'none', partitioned: true })
    const { cookies } = await raw(await cell.start(login, { transport }))
    expect(attributesOf(cookies[0] as string)).toEqual({
      ...PLAIN,
      name: '__Host-id',
      SameSite: 'None',
      Secure: '',
      Partitioned: '',
    })
  })

  cell.it('can be what a function of the request says', async () => {
    const transport = cookie(({ headers, method }) => ({
      name: headers.get('x-tenant') ?? 'none',
      sameSite: method === 'GET' ? 'strict' : 'lax',
    }))
    const origin = await cell.start(account, { transport })
    const of = (tenant: string): [string, string] => ['x-tenant', tenant]
    const made = await raw(`${origin}/login`, [of('red')])
    expect(attributesOf(made.cookies[0] as string)).toMatchObject({
      name: 'red',
      SameSite: 'Strict',
    })
    const pair: [string, string] = ['cookie', pairOf(made)]
    expect((await raw(origin, [of('red'), pair])).json).toEqual({ user: 'ada' })
    expect((await raw(origin, [of('blue'), pair])).json).toEqual({})
    const gone = await raw(`${origin}/logout`, [of('red'), pair])
    expect(gone.cookies).toEqual([expect.stringMatching(/^red=; Max-Age=0; .*SameSite=Strict/)])
  })

  cell.it('ends with the browser where the app wants that', async () => {
    const browser = new Browser(
      await cell.start(store, { transport: cookie({ persistent: false }) }),
    )
    const { cookies } = await browser.get('/?user=ada')
    expect(cookies[0]).not.toMatch(/Max-Age|Expires/i)
    expect((await browser.get('/')).json).toEqual({ user: 'ada' })
  })
}
