import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { ROOT } from '../package/pack.ts'
import { edit, stored, testRecipe, type Table } from './checks.ts'

/** As much of a client as is used here: Node 20 has none of its own, but the recipe brings one. */
interface Client extends NodeJS.EventEmitter {
  send(message: string): void
  terminate(): void
}
type Connect = new (url: string, options: { headers: Record<string, string> }) => Client

testRecipe('ws', ({ served, seat }: Table) => {
  let WebSocket: Connect

  beforeAll(async () => {
    const own = join(ROOT, 'recipes', 'ws', 'node_modules', 'ws', 'wrapper.mjs')
    WebSocket = ((await import(pathToFileURL(own).href)) as { WebSocket: Connect }).WebSocket
  })

  function connect(headers: Record<string, string>): Client {
    const { url } = served()
    const client = new WebSocket(url.replace('http', 'ws'), {
      headers: { origin: url, ...headers },
    })
    client.on('error', () => undefined)
    onTestFinished(() => client.terminate())
    return client
  }

  async function say(client: Client, message: string): Promise<string> {
    client.send(message)
    const [said] = (await once(client, 'message')) as [unknown]
    return String(said)
  }

  /** The status that an upgrade is refused with. */
  async function refusal(headers: Record<string, string>): Promise<unknown> {
    const [, response] = (await once(connect(headers), 'unexpected-response')) as [
      unknown,
      { statusCode: number },
    ]
    return response.statusCode
  }

  it('a socket has the session of its upgrade request, and stores', async () => {
    const { browser, file } = await seat('ada')
    const client = connect({ cookie: browser.cookie() })
    await once(client, 'open')
    expect(await say(client, 'pen')).toBe('ada: pen')
    expect(stored(file).data).toEqual({ user: { name: 'ada' }, cart: { pen: 1 } })
  })

  it('an open socket sees a file that is edited by hand', async () => {
    const { browser, file } = await seat('ada')
    const client = connect({ cookie: browser.cookie() })
    await once(client, 'open')
    expect(await say(client, 'pen')).toBe('ada: pen')
    edit(file, ({ data, ...record }) => ({ ...record, data: { ...data, user: { name: 'grace' } } }))
    expect(await say(client, 'pen')).toBe('grace: pen')
  })

  it('twenty sockets at once keep twenty keys', async () => {
    const { browser, file } = await seat('ada')
    const clients = Array.from({ length: 20 }, () => connect({ cookie: browser.cookie() }))
    await Promise.all(clients.map((client) => once(client, 'open')))
    await Promise.all(clients.map((client, n) => say(client, `item-${n}`)))
    expect(Object.keys(stored(file).data.cart ?? {})).toHaveLength(20)
  })

  it('an open socket closes at the first message after log-out', async () => {
    const { browser } = await seat('ada')
    const client = connect({ cookie: browser.cookie() })
    await once(client, 'open')
    await say(client, 'ink')
    await (await browser.open('/')).press('Log out')
    client.send('pen')
    const [code, reason] = (await once(client, 'close')) as [number, unknown]
    expect([code, String(reason)]).toEqual([4401, 'logged out'])
  })

  it('strangers and other sites are refused', async () => {
    const { browser } = await seat('ada')
    const cookie = browser.cookie()
    expect(await refusal({})).toBe(401)
    expect(await refusal({ cookie: `id=${'a'.repeat(32)}` })).toBe(401)
    expect(await refusal({ cookie, origin: 'https://elsewhere.example' })).toBe(401)
    expect(await refusal({ cookie, origin: 'null' })).toBe(401)
  })
})
