import { expect, it } from 'vitest'
import { browse } from './browser.ts'
import { testCart, testRecipe } from './checks.ts'

testRecipe('next', (table) => {
  testCart(table)

  it('a route handler stores and sets the cookie, too', async () => {
    const { browser } = await table.seat('ada')
    const ask = (item: string, by = browser) =>
      by.ask('/api/add', { method: 'POST', body: JSON.stringify({ item }) })
    const answer = await ask('pen')
    expect([answer.status, await answer.json()]).toEqual([201, { pen: 1 }])
    expect((await browser.open('/')).text).toContain('pen')
    const stranger = browse(table.served().url)
    await ask('ink', stranger)
    expect(await (await ask('pen', stranger)).json()).toEqual({ ink: 1, pen: 1 })
  })
})
