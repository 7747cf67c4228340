import { expect } from 'vitest'
import { Browser, raw, type App } from '../kit.ts'
import type { Cell } from '../matrix.ts'
import { account, login, store } from './apps.ts'

/** What is told and what is stored when something goes wrong. */
export function failures(cell: Cell): void {
  const noSpace = (): never => {
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  }

  cell.it(
    'a session that cannot be read is an error, and the next request finds it again',
    async () => {
      const browser = new Browser(await cell.start(store))
      await browser.get('/?user=ada')
      cell.watched.beforeRead = () => Promise.reject(new Error('EIO'))
      const reply = await browser.get('/')
      expect(reply).toMatchObject({ status: 500, json: { failed: 'STORE' }, cookies: [] })
      cell.watched.beforeRead = () => undefined
      expect((await browser.get('/')).json).toEqual({ user: 'ada' })
    },
    'records',
  )

  cell.it('a session that cannot be stored is an error and nothing else', async () => {
    cell.watched.beforeWrite = noSpace
    const app: App = (session) => {
      session.data['user'] = 'ada'
      return {
        location: '/home',
        headers: { 'set-cookie': 'theme=dark', etag: '"1"', 'content-language': 'en' },
      }
    }
    const reply = await raw(await cell.start(app))
    expect(reply).toMatchObject({ status: 500, json: { failed: 'STORE' }, cookies: [] })
    expect(reply.headers).not.toHaveProperty('location')
    expect(reply.headers).not.toHaveProperty('content-language')
    expect(reply.headers.etag).not.toBe('"1"')
    expect(cell.watched.log).toEqual([])
  })

  cell.it('a change that cannot be stored leaves the session as it was', async () => {
    const browser = new Browser(await cell.start(store))
    await browser.get('/?user=ada')
    cell.watched.beforeWrite = noSpace
    const reply = await browser.get('/?user=eve')
    expect(reply).toMatchObject({ status: 500, cookies: [] })
    cell.watched.beforeWrite = () => undefined
    expect((await browser.get('/')).json).toEqual({ user: 'ada' })
  })

  cell.it(
    'a log-out that cannot be stored is an error, and the cookie stays',
    async () => {
      const browser = new Browser(await cell.start(account))
      await browser.get('/login')
      cell.watched.beforeWrite = noSpace
      const reply = await browser.get('/logout')
      expect(reply).toMatchObject({ status: 500, json: { failed: 'STORE' }, cookies: [] })
      expect((await browser.get('/')).json).toEqual({ user: 'ada' })
    },
    'records',
  )

  cell.it('a handler that throws stores nothing', async () => {
    const app: App = (session) => {
      session.data['user'] = 'ada'
      throw new Error('no')
    }
    expect(await raw(await cell.start(app))).toMatchObject({ status: 500, cookies: [] })
    expect(cell.watched.log).toEqual([])
  })

  cell.it(
    'a handler that throws stores nothing, also when the error page is a 4xx',
    async () => {
      const app: App = (session) => {
        session.data['user'] = 'ada'
        throw Object.assign(new Error('not you'), { status: 403, code: 'NOT_YOU' })
      }
      const reply = await raw(await cell.start(app))
      expect(reply).toMatchObject({ status: 403, json: { failed: 'NOT_YOU' }, cookies: [] })
      expect(cell.watched.log).toEqual([])
    },
    'errors told',
  )

  cell.it('an answer of 5xx stores nothing', async () => {
    const app: App = (session) => ({
      ...login(session),
      status: 503,
      body: 'later',
    })
    const reply = await raw(await cell.start(app))
    expect(reply).toMatchObject({ status: 503, json: 'later', cookies: [] })
    expect(cell.watched.log).toEqual([])
  })

  cell.it('an error page of 4xx that the app renders is stored like any answer', async () => {
    const app: App = (session, url) => {
      session.data['lost'] = url.pathname
      return { status: 404, body: 'nothing here' }
    }
    const browser = new Browser(await cell.start(app))
    const reply = await browser.get('/nowhere')
    expect(reply).toMatchObject({ status: 404, json: 'nothing here' })
    expect(reply.cookies).toHaveLength(1)
    expect(cell.watched.log).toEqual(['stored'])
  })

  cell.it('a value that JSON would change is an error that names it', async () => {
    const app: App = (session) => {
      session.data['since'] = new Date(0)
      return {}
    }
    const reply = await raw(await cell.start(app))
    expect(reply).toMatchObject({ status: 500, json: { failed: 'INVALID' }, cookies: [] })
  })
}
