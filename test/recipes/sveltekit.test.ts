import { expect, it } from 'vitest'
import { browse } from './browser.ts'
import { testCart, testRecipe } from './checks.ts'

testRecipe('sveltekit', (table) => {
  testCart(table)

  it('a log-in without a page load carries the cookie as well', async () => {
    const browser = browse(table.served().url)
    const answer = await browser.ask('/?/login', {
      method: 'POST',
      headers: { accept: 'application/json', 'x-sveltekit-action': 'true' },
      body: new URLSearchParams({ name: 'ada' }),
    })
    expect(await answer.json()).toEqual({ type: 'redirect', status: 303, location: '/' })
    expect((await browser.open('/')).text).toContain('Hello ada')
  })
})
