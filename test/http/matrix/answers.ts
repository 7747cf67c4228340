import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { latch, raw, type App } from '../kit.ts'
import type { Cell } from '../matrix.ts'
import { login, pairOf, store } from './apps.ts'

/** Every kind of answer there is. */
export function answers(cell: Cell): void {
  const isAda = async (origin: string, pair: string): Promise<void> => {
    expect((await raw(origin, [['cookie', pair]])).json).toEqual({ user: 'ada' })
  }

  for (const type of ['text/plain', 'text/event-stream']) {
    cell.it(`${type} as it comes: stored before the first piece, no piece held back`, async () => {
      const [one, two] = [latch(), latch()]
      async function* pieces(): AsyncGenerator<string> {
        await one.opened
        yield 'data: one\n\n'
        await two.opened
        yield 'data: two\n\n'
      }
      const app: App = (session, url) => {
        if (url.pathname === '/') return store(session, url)
        session.data['user'] = 'ada'
        return { headers: { 'content-type': type }, stream: pieces() }
      }
      const origin = await cell.start(app)
      one.open()
      const response = await fetch(`${origin}/stream`)
      expect(response.headers.get('content-type')).toContain(type)
      const [line = ''] = response.headers.getSetCookie()
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
      expect((await reader.read()).value).toBe('data: one\n\n')
      expect(cell.watched.log).toEqual(['stored'])
      await isAda(origin, line.split(';', 1)[0] as string)
      two.open()
      expect((await reader.read()).value).toBe('data: two\n\n')
      expect(await reader.read()).toMatchObject({ done: true })
    })
  }

  cell.it('HEAD: the headers and the cookie of a GET, and no body', async () => {
    const reply = await raw(`${await cell.start(store)}/?user=ada`, [], 'HEAD')
    expect(reply).toMatchObject({ status: 200, text: '', headers: { vary: 'Cookie' } })
    expect(reply.cookies).toHaveLength(1)
    expect(cell.watched.log).toEqual(['stored'])
  })

  for (const status of [204, 304]) {
    cell.it(`${status}: the cookie and no body`, async () => {
      const origin = await cell.start((session, url) =>
        url.pathname === '/'
          ? store(session, url)
          : { ...login(session), status, headers: { etag: '"1"' } },
      )
      const reply = await raw(`${origin}/login`)
      expect(reply).toMatchObject({ status, text: '', headers: { etag: '"1"' } })
      await isAda(origin, pairOf(reply))
    })
  }

  cell.it(
    '103: an early hint leaves at once, the answer when its session is stored',
    async () => {
      const hinted = latch()
      const app: App = async (session, _url, hint) => {
        hint('</style.css>; rel=preload; as=style')
        await hinted.opened
        return login(session)
      }
      const req = request(await cell.start(app), { agent: false }).end()
      const [{ statusCode }] = (await once(req, 'information')) as [IncomingMessage]
      expect(statusCode).toBe(103)
      expect(cell.watched.log).toEqual([])
      hinted.open()
      const [res] = (await once(req, 'response')) as [IncomingMessage]
      expect([res.statusCode, await text(res)]).toEqual([200, '"hello"'])
      expect(res.headers['set-cookie']).toHaveLength(1)
      expect(cell.watched.log).toEqual(['stored'])
    },
    'early hints',
  )

  cell.it('compressed: the cookie, and the text that was said', async () => {
    const long = 'a session you can see, '.repeat(500)
    const app: App = (session) => ({ ...login(session), body: long })
    const origin = await cell.start(app, {}, { compress: true })
    const response = await fetch(origin, { headers: { 'accept-encoding': 'gzip' } })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(response.headers.get('vary')).toMatch(/Cookie/)
    expect(await response.json()).toBe(long)
    expect(cell.watched.log).toEqual(['stored'])
  })
}
