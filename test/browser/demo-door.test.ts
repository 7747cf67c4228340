import { mkdtempSync, rmSync } from 'node:fs'
import { request, type IncomingMessage, type RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openShop, type OpenShop } from '../../src/tools/demo/server.ts'

/** What the demo's door lets through. Raw requests: `fetch` would rewrite Host. */
describe('the door of the demo', () => {
  let dir: string
  let shop: OpenShop
  let port: string

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vitrine-demo-'))
    shop = await openShop(dir, [0])
    ;({ port } = new URL(shop.url))
  })
  afterAll(async () => {
    await shop.close()
    rmSync(dir, { recursive: true })
  })

  function ask(path: string, options: RequestOptions = {}, body = ''): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = request(`${shop.url}${path}`, { agent: false, ...options }, (response) => {
        resolve(response)
        if (!response.headers['content-type']?.startsWith('text/event-stream')) response.resume()
      })
      sent.on('error', reject).end(body)
    })
  }

  /** The first thing that the stream says to a browser with these cookies. */
  async function firstLook(headers: Record<string, string>): Promise<unknown> {
    const response = await ask('/live?page=/', { headers })
    const chunks: AsyncIterable<Buffer> = response
    let text = ''
    for await (const chunk of chunks) {
      text += chunk.toString()
      const event = /^event: look\ndata: (.*)\n\n/m.exec(text)
      if (event) return JSON.parse(event[1] as string)
    }
    throw new Error('the stream ended')
  }

  async function sessionOf(form: string): Promise<string> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await ask('/cart/add', { method: 'POST', headers }, form)
    return response.headers['set-cookie']?.[0]?.split(';')[0] as string
  }

  it.each(['/', '/cart', '/live', '/assets/app.js', '/nowhere'])(
    'answers to the names of this computer only: %s',
    async (path) => {
      const status = async (host: string) => {
        const response = await ask(path, { headers: { host } })
        response.destroy()
        return response.statusCode
      }
      expect(await status(`evil.example:${port}`)).toBe(421)
      expect(await status('127.0.0.1')).toBe(421)
      for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
        expect(await status(`${name}:${port}`)).not.toBe(421)
      }
    },
  )

  it('takes no form from another site, nor from another port', async () => {
    const post = async (headers: Record<string, string>) =>
      (await ask('/cart/add', { method: 'POST', headers })).statusCode
    expect(await post({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await post({ 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await post({ origin: 'http://127.0.0.1:1' })).toBe(403)
    expect(await post({ origin: 'null' })).toBe(403)
    expect(await post({ 'sec-fetch-site': 'same-origin', origin: 'null' })).toBe(303)
    expect(await post({ origin: shop.url })).toBe(303)
  })

  it.each(['/', '/assets/app.js', '/live'])('sends its security headers with %s', async (path) => {
    const response = await ask(path)
    response.destroy()
    const policy = response.headers['content-security-policy']
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(response.headers['x-content-type-options']).toBe('nosniff')
    expect(response.headers['referrer-policy']).toBe('no-referrer')
  })

  it('shows a file to the browser that holds its cookie, and to no other', async () => {
    const mine = await sessionOf('sku=pedestal')
    const theirs = await sessionOf('sku=museum-glass')
    expect(await firstLook({ cookie: mine })).toMatchObject({
      file: { text: expect.stringContaining('"pedestal": 1') },
    })
    expect(await firstLook({ cookie: theirs })).toMatchObject({
      file: { text: expect.stringContaining('"museum-glass": 1') },
    })
    expect(await firstLook({})).toMatchObject({ file: null })
    expect(await firstLook({ cookie: 'cabinet=../../../etc/passwd' })).toMatchObject({ file: null })
  })

  it('finds the session behind a stray cookie of the same name', async () => {
    const mine = await sessionOf('sku=pedestal')
    const cookie = `cabinet=${'a'.repeat(32)}; ${mine}`
    expect(await firstLook({ cookie })).toMatchObject({
      file: { text: expect.stringContaining('pedestal') },
    })
  })

  it('lets nobody run in a race that is not on', async () => {
    const response = await ask('/race/1', { method: 'POST', headers: { 'x-race': 'mine' } })
    expect(response.statusCode).toBe(404)
  })
})
