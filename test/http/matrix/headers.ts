import { expect } from 'vitest'
import { raw } from '../kit.ts'
import type { Cell } from '../matrix.ts'
import { account, login, pairOf, store } from './apps.ts'

/** What joins the headers of the app. */
export function headers(cell: Cell): void {
  for (const [said, sent] of [
    [undefined, 'private'],
    ['no-store', 'no-store'],
    ['public, max-age=60', 'max-age=60, private'],
  ] as const) {
    cell.it(`${said ?? 'no'} Cache-Control becomes ${sent} when a cookie is sent`, async () => {
      const own = said === undefined ? {} : { headers: { 'cache-control': said } }
      const origin = await cell.start((session) => ({
        ...login(session),
        ...own,
      }))
      expect((await raw(origin)).headers['cache-control']).toBe(sent)
    })
  }

  cell.it('Cache-Control is the app’s own when no cookie is sent', async () => {
    const origin = await cell.start((session) => ({
      body: session.data,
      headers: { 'cache-control': 'public' },
    }))
    expect((await raw(origin)).headers['cache-control']).toBe('public')
  })

  for (const [said, sent] of [
    [undefined, 'Cookie'],
    ['Accept', 'Accept, Cookie'],
    ['Accept, cookie', 'Accept, cookie'],
    ['*', '*'],
  ] as const) {
    cell.it(`${said ?? 'no'} Vary becomes ${sent} when the session was looked at`, async () => {
      const own = said === undefined ? {} : { headers: { vary: said } }
      const origin = await cell.start((session) => ({ body: session.data, ...own }))
      expect((await raw(origin)).headers.vary).toBe(sent)
    })
  }

  cell.it('a log-out is no more for a shared cache than a login is', async () => {
    const origin = await cell.start(account)
    const pair = pairOf(await raw(`${origin}/login`))
    const { headers } = await raw(`${origin}/logout`, [['cookie', pair]])
    expect(headers['cache-control']).toBe('private')
  })

  cell.it('the app’s own cookies are kept, but not one of the session’s name', async () => {
    const origin = await cell.start((session) => ({
      ...login(session),
      headers: { 'set-cookie': ['theme=dark', 'id=mine; Path=/', 'lang=en'] },
    }))
    const { cookies } = await raw(origin)
    expect(cookies.slice(0, 2)).toEqual(['theme=dark', 'lang=en'])
    expect(cookies.slice(2)).toEqual([expect.stringMatching(/^id=[\w.-]{32,};/)])
  })

  cell.it('the app’s own cookies are left alone when the session has none to send', async () => {
    const origin = await cell.start((session) => ({
      body: session.data,
      headers: { 'set-cookie': ['theme=dark', 'id=mine'] },
    }))
    expect((await raw(origin)).cookies).toEqual(['theme=dark', 'id=mine'])
  })

  cell.it(
    'headers that are said at the last moment are sent, and what is put in then is stored',
    async () => {
      const origin = await cell.start(
        (session, url) => (url.pathname === '/last' ? { body: 'hello' } : store(session, url)),
        {},
        {
          late: (session) => {
            session.data['last'] = true
            return { 'x-last': 'yes', 'set-cookie': 'theme=dark' }
          },
        },
      )
      const reply = await raw(`${origin}/last`)
      expect(reply).toMatchObject({ status: 200, json: 'hello', headers: { 'x-last': 'yes' } })
      expect(reply.cookies.map((line) => line.split('=')[0])).toEqual(['theme', 'id'])
      const pair = (reply.cookies[1] as string).split(';', 1)[0] as string
      expect((await raw(origin, [['cookie', pair]])).json).toEqual({ last: true })
    },
  )
}
