import { expect } from 'vitest'
import { Browser, latch, type App } from '../kit.ts'
import type { Cell } from '../matrix.ts'

const WRITERS = 20

/** Two requests of one session, and more. */
export function together(cell: Cell): void {
  cell.it(
    'twenty writers keep twenty keys',
    async () => {
      const everybody = latch()
      let waiting = 0
      const app: App = async (session, url) => {
        const { data } = session
        if (url.pathname === '/all') {
          if (++waiting === WRITERS) everybody.open()
          await everybody.opened
        }
        for (const [key, value] of url.searchParams) data[key] = value
        return { body: data }
      }
      const browser = new Browser(await cell.start(app))
      await browser.get('/?first=1')
      const keys = Array.from({ length: WRITERS }, (_, index) => `k${index}`)
      const replies = await Promise.all(keys.map((key) => browser.get(`/all?${key}=1`)))
      expect(replies.map(({ status }) => status)).toEqual(keys.map(() => 200))
      const kept = Object.keys((await browser.get('/')).json as object)
      expect(kept.toSorted()).toEqual(['first', ...keys].toSorted())
    },
    'a merge',
  )

  cell.it(
    'update counts exactly',
    async () => {
      const app: App = async (session) => {
        session.update((data) => {
          data['views'] = ((data['views'] as number | undefined) ?? 0) + 1
        })
        await Promise.resolve()
        return { body: session.data }
      }
      const browser = new Browser(await cell.start(app))
      await browser.get('/')
      await Promise.all(Array.from({ length: WRITERS }, () => browser.get('/')))
      expect((await browser.get('/')).json).toEqual({ views: WRITERS + 2 })
    },
    'a merge',
  )

  cell.it('two sessions at once do not see each other', async () => {
    const both = latch()
    let waiting = 0
    const app: App = async (session, url) => {
      session.data['path'] = url.pathname
      if (++waiting === 2) both.open()
      await both.opened
      return { body: session.data }
    }
    const origin = await cell.start(app)
    const browsers = [new Browser(origin), new Browser(origin)]
    const replies = await Promise.all(browsers.map((browser, at) => browser.get(`/${at}`)))
    expect(replies.map(({ json }) => json)).toEqual([{ path: '/0' }, { path: '/1' }])
    const cookies = await Promise.all(browsers.map((browser) => browser.cookies()))
    expect(new Set(cookies).size).toBe(2)
  })
}
