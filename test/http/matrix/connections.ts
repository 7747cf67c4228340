import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished } from 'vitest'
import { clientsGone, latch, raw, type App } from '../kit.ts'
import type { Cell } from '../matrix.ts'
import { account, store } from './apps.ts'

/** Connections that carry many requests, and those that break. */
export function connections(cell: Cell): void {
  cell.it('one connection, one request after the other: each has its own session', async () => {
    const origin = await cell.start(account)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    const ask = async (path: string, cookie = ''): Promise<object> => {
      const req = request(origin + path, { agent, headers: { cookie } }).end()
      const [res] = (await once(req, 'response')) as [IncomingMessage]
      const cookies = res.headers['set-cookie'] ?? []
      return { reused: req.reusedSocket, cookies, text: await text(res) }
    }
    const made = (await ask('/login')) as { cookies: string[] }
    expect(made).toMatchObject({ reused: false, cookies: [expect.stringMatching(/^id=/)] })
    const pair = made.cookies[0]?.split(';', 1)[0]
    expect(await ask('/', pair)).toEqual({ reused: true, cookies: [], text: '{"user":"ada"}' })
    expect(await ask('/')).toEqual({ reused: true, cookies: [], text: '{}' })
    const gone = expect.stringMatching(/^id=; Max-Age=0/)
    expect(await ask('/logout', pair)).toMatchObject({ reused: true, cookies: [gone] })
  })

  cell.it('pipelined requests are answered in their order, each with its cookie', async () => {
    const app: App = async (session, url) => {
      session.data['path'] = url.pathname
      if (url.pathname === '/a') await new Promise((resolve) => setTimeout(resolve, 20))
      return { body: session.data }
    }
    const { port } = new URL(await cell.start(app))
    const socket = connect(Number(port), '127.0.0.1')
    for (const path of ['/a', '/b', '/c', '/d']) {
      const connection = path === '/d' ? 'close' : 'keep-alive'
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\n\r\n`)
    }
    const heard = await text(socket)
    const paths = Array.from(heard.matchAll(/"path":"(.*?)"/g), ([, path]) => path)
    expect(paths).toEqual(['/a', '/b', '/c', '/d'])
    const cookies = Array.from(heard.matchAll(/^set-cookie: (id=[^;]+)/gim), ([, pair]) => pair)
    expect(new Set(cookies).size).toBe(4)
  })

  cell.it(
    'a client that goes away before the answer: what the handler put in is stored',
    async () => {
      const [asked, gone] = [latch(), latch()]
      const app: App = async (session, url) => {
        if (url.pathname === '/well') return store(session, url)
        session.data['user'] = 'ada'
        asked.open()
        await gone.opened
        return { body: 'nobody hears this' }
      }
      const origin = await cell.start(app)
      const req = request(origin, { agent: false }).end()
      req.on('error', () => undefined)
      await asked.opened
      req.destroy()
      await clientsGone(origin)
      gone.open()
      await expect.poll(() => cell.watched.log, { timeout: 10_000 }).toEqual(['stored'])
      expect((await raw(`${origin}/well`)).status).toBe(200)
    },
  )

  cell.it('a client that goes away in the middle of an answer does no harm', async () => {
    const more = latch()
    async function* pieces(): AsyncGenerator<string> {
      yield 'one'
      await more.opened
      for (let at = 0; at < 100; at++) yield 'two'.repeat(10_000)
    }
    const app: App = (session, url) => {
      if (url.pathname === '/well') return store(session, url)
      session.data['user'] = 'ada'
      return { stream: pieces() }
    }
    const origin = await cell.start(app)
    const response = await fetch(origin)
    const [line = ''] = response.headers.getSetCookie()
    const reader = response.body!.getReader()
    await reader.read()
    await reader.cancel()
    more.open()
    const back = await raw(`${origin}/well`, [['cookie', line.split(';', 1)[0] as string]])
    expect(back).toMatchObject({ status: 200, json: { user: 'ada' } })
    expect(cell.watched.log).toEqual(['stored'])
  })
}
