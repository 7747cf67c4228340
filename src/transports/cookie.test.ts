import { Cookie, CookieJar } from 'tough-cookie'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOSTILE_COOKIES } from '../../test/fixtures/hostile-cookies.ts'
import { createId } from '../core/id.ts'
import type { RejectReason, SessionEvent } from '../core/events.ts'
import type { Incoming } from '../core/transport.ts'
import { cookie, type CookieOptions } from './cookie.ts'

const NOW = 1_795_000_000_000
const OLD = 'hG3kPw9sLz6xVb2nMq8jRd5fTy1aCe7o'
const NEW = 'lQ2mVw8rTz5yXc1nBk7jHd4gFs9aPe6u'

function request(secure = false, headers: Record<string, string> = {}): Incoming {
  return { secure, headers: { get: (name) => headers[name] } }
}

function withCookie(header: string, secure = false): Incoming {
  return request(secure, { cookie: header })
}

/** The Set-Cookie line of a ticket that has an hour left. */
async function sent(options: CookieOptions = {}, secure = false, ticket = 'abc'): Promise<string> {
  const headers = await cookie(options).send(ticket, NOW + 3_600_000, NOW, request(secure))
  expect(headers).toHaveLength(1)
  expect(headers[0]?.[0]).toBe('set-cookie')
  return headers[0]?.[1] as string
}

async function received(
  header: string,
  options: CookieOptions = {},
  secure = false,
): Promise<{ tickets: readonly string[]; rejected: RejectReason[] }> {
  const rejected: RejectReason[] = []
  const tickets = await cookie(options).receive(withCookie(header, secure), (reason) =>
    rejected.push(reason),
  )
  return { tickets, rejected }
}

describe('the cookie that is sent', () => {
  it('over plain HTTP is id, for this host, for an hour', async () => {
    expect(await sent()).toBe('id=abc; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax')
  })

  it('over TLS is Secure and has the prefix', async () => {
    expect(await sent({}, true)).toBe(
      '__Host-id=abc; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Lax',
    )
  })

  it.each([
    [
      { domain: 'example.com' },
      'id=abc; Max-Age=3600; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax',
    ],
    [{ path: '/app' }, 'id=abc; Max-Age=3600; Path=/app; HttpOnly; Secure; SameSite=Lax'],
    [{ secure: false }, 'id=abc; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax'],
    [
      { name: 'dancer.session', prefix: false },
      'dancer.session=abc; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Lax',
    ],
    [{ name: 'sid' }, '__Host-sid=abc; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Lax'],
    [
      { httpOnly: false, sameSite: 'strict' },
      '__Host-id=abc; Max-Age=3600; Path=/; Secure; SameSite=Strict',
    ],
    [
      { sameSite: 'none', partitioned: true },
      '__Host-id=abc; Max-Age=3600; Path=/; HttpOnly; Secure; Partitioned; SameSite=None',
    ],
    [
      { priority: 'high' },
      '__Host-id=abc; Max-Age=3600; Path=/; HttpOnly; Secure; Priority=High; SameSite=Lax',
    ],
    [{ persistent: false }, '__Host-id=abc; Path=/; HttpOnly; Secure; SameSite=Lax'],
  ] as [CookieOptions, string][])('with %j over TLS is as asked', async (options, line) => {
    expect(await sent(options, true)).toBe(line)
  })

  it('is Secure over plain HTTP when that is asked for', async () => {
    expect(await sent({ secure: true })).toMatch(/^__Host-id=abc;.* Secure;/)
  })

  it('with a name that has a prefix keeps it and is Secure', async () => {
    expect(await sent({ name: '__Host-sid' })).toMatch(/^__Host-sid=abc;.* Secure;/)
    expect(await sent({ name: '__Secure-sid' }, true)).toMatch(/^__Secure-sid=abc;.* Secure;/)
  })

  it.each([
    [1, 1],
    [999, 1],
    [1000, 1],
    [1001, 2],
    [1999, 2],
    [2000, 2],
    [Infinity, 34_560_000],
    [400 * 86_400_000 + 5000, 34_560_000],
    [0, 0],
    [-1, 0],
    [Number.NaN, 0],
  ])('with %d ms left has Max-Age=%d', async (left, seconds) => {
    const [header] = await cookie().send('abc', NOW + left, NOW, request())
    expect(header?.[1]).toContain(`; Max-Age=${seconds};`)
  })

  it('may have 4,096 bytes of name and value, and no more', async () => {
    for (const secure of [false, true]) {
      const room = 4096 - (secure ? '__Host-id=' : 'id=').length
      expect(await sent({}, secure, 'x'.repeat(room))).toContain('x;')
      await expect(sent({}, secure, 'x'.repeat(room + 1))).rejects.toMatchObject({
        code: 'TOO_LARGE',
      })
    }
    await expect(sent({ secrets: [NEW] }, false, 'x'.repeat(4060))).rejects.toMatchObject({
      code: 'TOO_LARGE',
    })
  })
})

describe('a ticket that would break the header', () => {
  it.each([
    '',
    'a;b',
    'a b',
    'a\r\nSet-Cookie: x=y',
    'a,b',
    'a=b',
    '"a"',
    'a:b',
    'ä',
    'a\u0000',
    '%41',
  ])('%j is refused', async (ticket) => {
    for (const options of [{}, { secrets: [NEW] }]) {
      await expect(sent(options, false, ticket)).rejects.toMatchObject({ code: 'CONFIG' })
    }
  })
})

describe('the cookie that is taken away', () => {
  it.each([
    [{}, 'http'],
    [{}, 'https'],
    [{ domain: 'example.com', path: '/app' }, 'https'],
    [{ domain: '.example.com' }, 'http'],
    [{ sameSite: 'none', partitioned: true, priority: 'low' }, 'https'],
    [{ name: '__Secure-x', domain: 'example.com', sameSite: 'strict' }, 'https'],
    [{ name: 'plain', prefix: false, httpOnly: false, secure: false }, 'https'],
  ] as [CookieOptions, string][])(
    'with %j over %s leaves nothing behind',
    async (options, scheme) => {
      const url = `${scheme}://www.example.com/app/page`
      const transport = cookie(options)
      const incoming = request(scheme === 'https')
      const jar = new CookieJar()
      const [set] = await transport.send('abc', Date.now() + 3_600_000, Date.now(), incoming)
      await jar.setCookie(set?.[1] as string, url)
      expect(await jar.getCookieString(url)).toMatch(/=abc$/)
      const [gone] = transport.clear(incoming)
      expect(gone?.[1]).toMatch(/=; Max-Age=0; .*Expires=Thu, 01 Jan 1970 00:00:00 GMT/)
      await jar.setCookie(gone?.[1] as string, url)
      expect(await jar.getCookieString(url)).toBe('')

      const strip = (line: string) =>
        line.replace(/=(abc)?;/, '=;').replace(/ (Max-Age|Expires)=[^;]*;/g, '')
      expect(strip(gone?.[1] as string)).toBe(strip(set?.[1] as string))
    },
  )
})

describe('the cookies that are received', () => {
  it('without any are none', async () => {
    expect(await cookie().receive(request())).toEqual([])
    expect(await received('')).toEqual({ tickets: [], rejected: [] })
    expect(await received('a=1; b=2')).toEqual({ tickets: [], rejected: [] })
  })

  it.each([
    ['id=abc', ['abc']],
    ['a=1; id=abc; b=2', ['abc']],
    ['id=abc;id=def', ['abc', 'def']],
    ['id=junk; id=abc', ['junk', 'abc']],
    ['\t id \t=\t abc \t; x', ['abc']],
    ['id=abc; id=abc', ['abc']],
    ['id=A-b_c.d~e', ['A-b_c.d~e']],
    ['ID=abc; Id=abc; xid=abc; id2=abc', []],
    ['__Host-id=abc', []],
  ])('of %j are %j', async (header, tickets) => {
    expect((await received(header)).tickets).toEqual(tickets)
  })

  it('over TLS count only under the prefixed name', async () => {
    const header = 'id=planted; __Host-id=good; __host-id=no; __HOST-ID=no'
    expect((await received(header, {}, true)).tickets).toEqual(['good'])
    expect((await received('id=planted', {}, true)).tickets).toEqual([])
  })

  it('over TLS count under the bare name where that is the name', async () => {
    expect((await received('id=abc', { path: '/app' }, true)).tickets).toEqual(['abc'])
    expect((await received('id=abc', { prefix: false }, true)).tickets).toEqual(['abc'])
    expect((await received('id=abc', { secure: false }, true)).tickets).toEqual(['abc'])
  })

  it('are read by the bytes of the name: no odd blank makes another cookie ours', async () => {
    for (let code = 0; code < 0x100; code++) {
      const char = String.fromCharCode(code)
      if (char === ' ' || char === '\t' || char === ';') continue
      expect((await received(`${char}__Host-id=abc`, {}, true)).tickets).toEqual([])
      if (char !== '=') {
        expect((await received(`__Host-id${char}=abc`, {}, true)).tickets).toEqual([])
      }
    }
  })

  it('are no more than 8', async () => {
    const many = Array.from({ length: 100 }, (_, index) => `id=t${index}`).join('; ')
    expect((await received(many)).tickets).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7'])
  })

  it('are not crowded out by junk that could not be a ticket', async () => {
    const { tickets, rejected } = await received(`${'id="<>"; '.repeat(20)}id=abc`)
    expect(tickets).toEqual(['abc'])
    expect(rejected).toEqual(Array(20).fill('malformed'))
  })

  it('of hostile headers are none', async () => {
    expect(HOSTILE_COOKIES.length).toBeGreaterThan(150)
    for (const [index, line] of HOSTILE_COOKIES.entries()) {
      for (const options of [{}, { secrets: [NEW] }]) {
        expect((await received(line, options)).tickets, `line ${index}`).toEqual([])
        const swapped = line.replaceAll('__Host-id', 'id').replaceAll('id', '__Host-id')
        if (line.startsWith('__Host-id=')) continue // over TLS that is a good cookie
        expect((await received(swapped, options, true)).tickets, `line ${index}`).toEqual([])
      }
    }
  })

  it('never make it throw, nor take what cannot be a ticket', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'id',
        '=',
        ';',
        ' ',
        '\t',
        ',',
        '"',
        'id=',
        '__Host-id=',
        '__proto__',
        '\u00a0',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    )
    const header = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
    const [bare, signed] = [cookie(), cookie({ secrets: [NEW] })]
    await fc.assert(
      fc.asyncProperty(header, fc.boolean(), async (line, secure) => {
        const tickets = await bare.receive(withCookie(line, secure))
        expect(tickets.filter((ticket) => !/^[\w.~-]+$/.test(ticket))).toEqual([])
        expect(await signed.receive(withCookie(line, secure))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})

describe('signed cookies', () => {
  const value = async (options: CookieOptions, ticket: string) =>
    (Cookie.parse(await sent(options, false, ticket)) as Cookie).value

  it('come back as what was sent', async () => {
    const id = createId()
    const signed = await value({ secrets: [NEW] }, id)
    expect(signed).toMatch(/^[a-z2-7]{32}\.[\w-]{43}$/)
    expect(await received(`id=${signed}`, { secrets: [NEW] })).toEqual({
      tickets: [id],
      rejected: [],
    })
    expect((await received(`id=${signed}`, { secrets: [OLD, NEW] })).tickets).toEqual([id])
  })

  it('are found behind and before forged ones, and each of those is told', async () => {
    const signed = await value({ secrets: [NEW] }, 'good')
    const other = await value({ secrets: [OLD] }, 'evil')
    for (const header of [
      `id=good; id=${other}; id=${signed}`,
      `id=${signed}; id=good; id=${other}`,
    ]) {
      expect(await received(header, { secrets: [NEW] })).toEqual({
        tickets: ['good'],
        rejected: ['forged', 'forged'],
      })
    }
  })

  it('of one name are nothing under another', async () => {
    const signed = await value({ secrets: [NEW], name: 'shop' }, 'good')
    expect((await received(`shop=${signed}`, { secrets: [NEW], name: 'shop' })).tickets).toEqual([
      'good',
    ])
    expect((await received(`blog=${signed}`, { secrets: [NEW], name: 'blog' })).tickets).toEqual([])
  })

  it('are never needed without secrets, and never accepted unsigned with them', async () => {
    expect(await cookie({ secrets: [NEW] }).receive(withCookie(`id=${createId()}`))).toEqual([])
    expect(cookie().signed).toBe(false)
    expect(cookie({ secrets: [NEW] }).signed).toBe(true)
    expect(cookie(() => ({})).signed).toBeUndefined()
  })

  it('need good secrets, from the start: a variable that is not set is none', async () => {
    for (const secrets of [undefined, null, '', NEW, [], ['secret'], ['x'.repeat(31)]]) {
      const options = { secrets } as unknown as CookieOptions
      expect(() => cookie(options)).toThrow(expect.objectContaining({ code: 'CONFIG' }))
      expect(() => cookie(() => options).receive(withCookie(`id=${createId()}`))).toThrow(
        expect.objectContaining({ code: 'CONFIG' }),
      )
    }
  })
})

describe('options that depend on the request', () => {
  const secrets = [NEW]
  const tenants = cookie(({ headers }) => ({
    name: headers.get('host')?.split('.')[0] ?? 'id',
    secrets,
  }))

  it('are asked for at each request', async () => {
    const [a, b] = [request(false, { host: 'a.test' }), request(true, { host: 'b.test' })]
    const [[, line = ''] = []] = await tenants.send('abc', NOW + 1000, NOW, a)
    expect(line).toMatch(/^a=abc\./)
    expect(tenants.clear(b)[0]?.[1]).toMatch(/^__Host-b=;/)
    const pair = line.split(';')[0] as string
    const back = request(false, { host: 'a.test', cookie: pair })
    expect(await tenants.receive(back)).toEqual(['abc'])
    const crossed = request(false, { host: 'b.test', cookie: pair.replace('a=', 'b=') })
    expect(await tenants.receive(crossed)).toEqual([])
  })

  it('may be impossible at one request only', async () => {
    const odd = cookie(({ method }) => (method === 'PUT' ? { path: 'odd' } : {}))
    expect(odd.name).toBe('id')
    expect(odd.clear(request())).toHaveLength(1)
    expect(() => odd.clear({ ...request(), method: 'PUT' })).toThrow(
      expect.objectContaining({ code: 'CONFIG' }),
    )
  })
})

describe('warnings about cookies that no browser will keep', () => {
  /** The codes that some requests lead to, in order. */
  async function warnings(options: CookieOptions, ...requests: Incoming[]): Promise<string[]> {
    const events: SessionEvent[] = []
    const transport = cookie(options)
    transport.init((event) => events.push(event))
    for (const incoming of requests) {
      expect(await transport.send('abc', NOW + 1000, NOW, incoming)).toHaveLength(1)
    }
    return events.map((event) => {
      expect(event).toMatchObject({ type: 'warning', at: NOW, message: expect.any(String) })
      return (event as { code: string }).code
    })
  }
  const from = (host: string, secure = false, more: Record<string, string> = {}) =>
    request(secure, { host, ...more })

  it('Secure over plain HTTP', async () => {
    const options = { secure: true }
    expect(await warnings(options, from('example.com'))).toEqual(['COOKIE_SECURE'])
    expect(await warnings(options, from('192.168.0.7:3000'))).toEqual(['COOKIE_SECURE'])
    expect(await warnings(options, from('example.com', true))).toEqual([])
    for (const host of [
      'localhost',
      'LOCALHOST:3000',
      'app.localhost',
      '127.0.0.1:80',
      '[::1]:80',
    ]) {
      expect(await warnings(options, from(host))).toEqual([])
    }
    expect(await warnings(options, request())).toEqual([])
    expect(await warnings(options, { ...request(), url: 'http://example.com/x' })).toEqual([
      'COOKIE_SECURE',
    ])
    expect(await warnings(options, { ...request(), url: '/x' })).toEqual([])
  })

  it('not when a proxy says that it speaks TLS', async () => {
    const proxied = from('example.com', false, { 'x-forwarded-proto': 'https,http' })
    expect(await warnings({ secure: true }, proxied)).toEqual([])
    const plain = from('example.com', false, { 'x-forwarded-proto': 'http' })
    expect(await warnings({ secure: true }, plain)).toEqual(['COOKIE_SECURE'])
  })

  it('what a proxy claims never makes a cookie Secure', async () => {
    const proxied = from('example.com', false, { 'x-forwarded-proto': 'https' })
    const [header] = await cookie().send('abc', NOW + 1000, NOW, proxied)
    expect(header?.[1]).toMatch(/^id=/)
    expect(header?.[1]).not.toContain('Secure')
  })

  it('SameSite=None and Partitioned without Secure', async () => {
    expect(await warnings({ sameSite: 'none' }, from('localhost'))).toEqual(['COOKIE_SAMESITE'])
    expect(await warnings({ sameSite: 'none' }, from('localhost', true))).toEqual([])
    expect(await warnings({ partitioned: true }, from('localhost'))).toEqual(['COOKIE_PARTITIONED'])
    expect(await warnings({ partitioned: true }, from('localhost', true))).toEqual([])
  })

  it('a domain that is not the host or above it', async () => {
    for (const domain of ['example.com', '.example.com', 'Example.COM']) {
      for (const host of ['example.com', 'www.example.com:8080', 'A.B.EXAMPLE.COM']) {
        expect(await warnings({ domain }, from(host))).toEqual([])
      }
      for (const host of ['example.org', 'myexample.com', 'com', 'localhost:3000', '127.0.0.1']) {
        expect(await warnings({ domain }, from(host))).toEqual(['COOKIE_DOMAIN'])
      }
    }
    expect(await warnings({ domain: 'example.com' }, request())).toEqual([])
  })

  it('each comes once, and only to whoever listens', async () => {
    const bad = from('example.com')
    expect(await warnings({ secure: true, domain: 'a.test' }, bad, bad, bad)).toEqual([
      'COOKIE_SECURE',
      'COOKIE_DOMAIN',
    ])
    expect(await cookie({ secure: true }).send('abc', NOW + 1, NOW, bad)).toHaveLength(1)
  })
})

describe('cookies of another library that are replaced', () => {
  const replaces = [
    { name: 'session' },
    { name: 'session.sig', path: '/app', domain: 'example.com' },
  ]
  const transport = cookie({ secrets: [NEW], replaces })
  const BOTH = 'session=x; session.sig=y'
  const gone = (rest: string) =>
    `Max-Age=0; ${rest}; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly`
  const send = async (incoming: Incoming, using = transport) =>
    (await using.send('abc', NOW + 1000, NOW, incoming)).map(([, line]) => line)

  it('go when ours is sent, by their own name, path and domain, if the request has them', async () => {
    const [ours, ...theirs] = await send(withCookie(BOTH))
    expect(ours).toMatch(/^id=abc\./)
    expect(theirs).toEqual([
      `session=; ${gone('Path=/')}; SameSite=Lax`,
      `session.sig=; ${gone('Domain=example.com; Path=/app')}; SameSite=Lax`,
    ])
    expect(await send(withCookie('session.sig=y'))).toHaveLength(2)
    expect(await send(withCookie('other=y'))).toHaveLength(1)
    expect(await send(request())).toHaveLength(1)
  })

  it('go when ours is cleared', () => {
    const names = (incoming: Incoming) =>
      transport.clear(incoming).map(([, line]) => line.slice(0, line.indexOf('=')))
    expect(names(withCookie(BOTH))).toEqual(['id', 'session', 'session.sig'])
    expect(names(withCookie(BOTH, true))).toEqual(['__Host-id', 'session', 'session.sig'])
    expect(names(request())).toEqual(['id'])
  })

  it('are Secure over TLS, as a name with a prefix must be', async () => {
    const using = cookie({ replaces: [{ name: '__Host-old' }] })
    expect((await send(withCookie('__Host-old=x', true), using))[1]).toContain('; Secure;')
    expect((await send(withCookie(BOTH, true)))[1]).toContain('; Secure;')
  })

  it('never are the one that is sent', async () => {
    const using = cookie({ name: 'session', replaces: [{ name: 'session' }] })
    expect(await send(withCookie('session=x'), using)).toHaveLength(1)
    expect(using.clear(withCookie('session=x'))).toHaveLength(1)
    const overTls = await send(withCookie('session=x', true), using)
    expect(overTls.map((line) => line.slice(0, line.indexOf('=')))).toEqual([
      '__Host-session',
      'session',
    ])
  })

  it('are no tickets: they only say that there is something to take away', async () => {
    const id = createId()
    expect(await transport.receive(withCookie(`session=${id}`))).toEqual([''])
    expect(await transport.receive(withCookie('other=x'))).toEqual([])
    const own = (await send(request()))[0]?.split(';')[0]
    expect(await transport.receive(withCookie(`${own}; ${BOTH}`))).toEqual(['abc'])
    expect(await transport.receive(withCookie(`id=forged; ${BOTH}`))).toEqual([''])
    expect(await cookie().receive(withCookie(BOTH))).toEqual([])
  })

  it('must be such as a browser would have', () => {
    expect(() => cookie({ replaces: [{ name: 'a b' }] })).toThrow('the cookie option name')
    expect(() => cookie({ replaces: [{ name: 'a', path: 'x' }] })).toThrow('the cookie option path')
  })
})
