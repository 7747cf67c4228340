import { expect, it } from 'vitest'
import { browse } from './browser.ts'
import { testCart, testRecipe } from './checks.ts'

testRecipe('react-router', (table) => {
  testCart(table)

  it('a log-in without a page load carries the cookie as well', async () => {
    const browser = browse(table.served().url)
    const body = new URLSearchParams({ do: 'log in', name: 'ada' })
    const { status } = await browser.ask('/_root.data?index', { method: 'POST', body })
    expect(status).toBe(202)
    expect((await browser.open('/')).text).toContain('Hello ada')
  })
})
