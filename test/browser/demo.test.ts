import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openShop, type OpenShop } from '../../src/tools/demo/server.ts'
import { CHROMIUM, launch } from './chromium.ts'

describe.skipIf(!CHROMIUM)('the demo, in a real browser', () => {
  let browser: Browser
  let dir: string
  let shop: OpenShop
  let context: BrowserContext
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vitrine-demo-'))
    shop = await openShop(dir, [0])
    complaints = []
    page = await visitor()
  })
  afterEach(async () => {
    await context.close()
    await shop.close()
    rmSync(dir, { recursive: true })
    expect(complaints).toEqual([])
  })

  async function visitor(options: BrowserContextOptions = {}): Promise<Page> {
    context = await browser.newContext(options)
    context.setDefaultTimeout(8000)
    const opened = await context.newPage()
    opened.on('console', (message) => complaints.push(message.text()))
    opened.on('pageerror', (error) => complaints.push(error.message))
    await opened.goto(shop.url)
    return opened
  }

  const files = () => readdirSync(dir).filter((name) => name.endsWith('.json'))
  const fileOf = (id: string) => join(dir, `${id}.json`)
  const textOf = (id: string) => readFileSync(fileOf(id), 'utf8')
  const edit = (id: string, change: (text: string) => string) =>
    writeFileSync(fileOf(id), change(textOf(id)))

  async function cookieOf(): Promise<string> {
    const cookies = await context.cookies()
    return cookies.find(({ name }) => name === 'cabinet')?.value ?? ''
  }
  async function add(title: string): Promise<void> {
    await page.getByRole('button', { name: `Add to cart ${title}` }).click()
    await page.getByText(`${title} was added to your cart.`).waitFor()
  }
  async function logIn(name = 'Ada'): Promise<void> {
    await page.getByRole('link', { name: 'Log in' }).click()
    await page.getByLabel('Your name').fill(name)
    await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
    await page.getByText('Your session has a new id').waitFor()
  }
  /** Waits until the panel shows exactly what the file holds. */
  async function showsFile(id: string): Promise<void> {
    await page.locator('#file-name', { hasText: `${id}.json` }).waitFor()
    await expect
      .poll(async () => (await page.locator('#lines .line').allTextContents()).join('\n') + '\n')
      .toBe(textOf(id))
  }
  const isTicked = (step: string) => page.locator(`[data-step=${step}].done`).waitFor()

  it('stores nothing and sends no cookie for a visitor who only looks', async () => {
    await page.getByText('no file yet').waitFor()
    await page.getByRole('link', { name: 'Account' }).click()
    await page.getByText('Nobody is logged in').waitFor()
    expect(await cookieOf()).toBe('')
    expect(files()).toEqual([])
  })

  it('shows the file as soon as something lies in the cart, and names what is new', async () => {
    await page.getByText('no file yet').waitFor()
    const tinted = page.locator('.line.added[data-word=added]').first().waitFor()
    await Promise.all([tinted, add('Museum glass 40×60')])
    const id = await cookieOf()
    expect(files()).toEqual([`${id}.json`])
    await showsFile(id)
    await page.getByRole('link', { name: 'Cart 1 piece' }).waitFor()
    await isTicked('add')
  })

  it('follows the session to its new id at log-in', async () => {
    await add('Pedestal, white')
    const before = await cookieOf()
    await showsFile(before)
    const badge = page.getByText('new id', { exact: true }).waitFor()
    await Promise.all([badge, logIn()])
    const after = await cookieOf()
    expect(after).not.toBe(before)
    expect(textOf(before)).toContain('"retired": true')
    await showsFile(after)
    await page.getByRole('link', { name: 'Cart 1 piece' }).waitFor()
    await isTicked('login')
  })

  it('believes an edited file at once, without a reload', async () => {
    await logIn()
    await page.evaluate('window.sameDocument = true')
    const id = await cookieOf()
    await showsFile(id)
    const tinted = page.locator('.line.changed', { hasText: 'role' }).waitFor()
    edit(id, (text) => text.replace('"customer"', '"admin"'))
    await Promise.all([tinted, page.getByText('Admin', { exact: true }).waitFor()])
    await showsFile(id)
    await isTicked('admin')
    expect(await page.evaluate('window.sameDocument')).toBe(true)
  })

  it('says so while the file is not JSON, and leaves file and shop alone', async () => {
    await logIn()
    const id = await cookieOf()
    await showsFile(id)
    edit(id, (text) => text.replace('"customer"', 'customer'))
    await page.getByText('This is not JSON yet').waitFor()
    await page.getByRole('banner').getByText('Ada').waitFor()
    edit(id, (text) => text.replace('customer', '"admin"'))
    await page.getByText('Admin', { exact: true }).waitFor()
    expect(files()).toContain(`${id}.json`)
  })

  it('knows nobody once the file was removed by hand', async () => {
    await logIn()
    const id = await cookieOf()
    await showsFile(id)
    rmSync(fileOf(id))
    await page.getByText('no file any more').waitFor()
    await page.getByRole('link', { name: 'Log in' }).waitFor()
  })

  it('ends a session at the time that was written into the file', async () => {
    await logIn()
    const id = await cookieOf()
    await showsFile(id)
    const soon = new Date(Date.now() + 1500).toISOString()
    edit(id, (text) => text.replace(/"expires": "[^"]*"/, `"expires": "${soon}"`))
    await page.getByRole('link', { name: 'Log in' }).waitFor()
  })

  it('brings all 20 changes of a race into the file', async () => {
    await page.getByRole('button', { name: 'Race' }).click()
    await page.getByText('20 of 20 arrived').waitFor()
    const { data } = JSON.parse(textOf(await cookieOf()))
    expect(data.race.counter).toBe(10)
    expect(Object.keys(data.race)).toHaveLength(11)
    await isTicked('race')
  })

  it('removes the file at log-out', async () => {
    await logIn()
    const id = await cookieOf()
    await showsFile(id)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByText('no file any more').waitFor()
    await isTicked('logout')
    expect(files()).not.toContain(`${id}.json`)
    expect(await cookieOf()).toBe('')
  })

  it('explains a line to whoever reads it with the keyboard', async () => {
    await add('Pedestal, white')
    await page.getByRole('group', { name: 'The file' }).focus()
    for (let line = 0; line < 3; line++) await page.keyboard.press('ArrowDown')
    await page.getByText('When the session began').waitFor()
    await isTicked('read')
  })

  it('looks without touching: no new time, and a flash message stays for the next page', async () => {
    await add('Pedestal, white')
    const id = await cookieOf()
    await showsFile(id)
    edit(id, (text) => text.replace('"data"', '"flash": { "notice": "Left by hand" },\n  "data"'))
    const before = statSync(fileOf(id), { bigint: true })
    await showsFile(id)
    await page.evaluate('new BroadcastChannel("cabinet").postMessage("changed")')
    await showsFile(id)
    const after = statSync(fileOf(id), { bigint: true })
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs])
    await page.reload()
    await page.getByText('Left by hand').waitFor()
  })

  it('takes what a visitor or a file says for text', async () => {
    const name = '<img src=x onerror=alert(1)>"\''
    await logIn(name)
    const id = await cookieOf()
    await showsFile(id)
    edit(id, (text) =>
      text.replace('"data": {', '"data": {\n    "<script>alert(2)</script>": "</span>",'),
    )
    await showsFile(id)
    await page.getByText(name, { exact: true }).waitFor()
    expect(await page.locator('img, .line script').count()).toBe(0)
  })

  it('follows a change that another tab made', async () => {
    await add('Pedestal, white')
    const other = await context.newPage()
    await other.goto(shop.url)
    await other.getByRole('button', { name: 'Add to cart Pedestal' }).click()
    await page.getByRole('link', { name: 'Cart 2 pieces' }).waitFor()
  })

  it('sells without JavaScript, too', async () => {
    await context.close()
    page = await visitor({ javaScriptEnabled: false })
    await add('Display case, oak')
    await page.getByRole('link', { name: 'Cart 1 piece' }).click()
    await page.getByRole('button', { name: 'Remove Display case, oak' }).click()
    await page.getByText('Nothing in it yet').waitFor()
    await page.getByRole('link', { name: 'Log in' }).click()
    await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'Race' }).click()
    await page.getByText('20 of 20 arrived').waitFor()
  })

  it.each(['light', 'dark'] as const)(
    'needs no sideways scrolling at 320 px, %s',
    async (scheme) => {
      await context.close()
      page = await visitor({ viewport: { width: 320, height: 640 }, colorScheme: scheme })
      const surplus = () => page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(await surplus()).toBe(0)
      await logIn('W'.repeat(40))
      await showsFile(await cookieOf())
      expect(await surplus()).toBe(0)
      await page.getByRole('link', { name: 'Cart' }).click()
      await page.getByText('Nothing in it yet').waitFor()
      expect(await surplus()).toBe(0)
    },
  )
})
