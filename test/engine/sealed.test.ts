import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  createSessions,
  sealedCookie,
  type Change,
  type Session,
  type SessionEvent,
  type Sessions,
  type StandardSchema,
} from '../../src/index.ts'
import { browser, setCookie, types, world } from './browser.ts'

const secrets = [crypto.randomUUID() + crypto.randomUUID()]
const sealed = () => world({ store: sealedCookie({ secrets }) })
const hour = 3_600_000

describe('the session in a sealed cookie', () => {
  it('costs a stranger who only looks nothing', async () => {
    const { sessions } = sealed()
    expect(await browser(sessions).request(() => {})).toEqual([])
    expect(await browser(sessions).request((s) => s.renew())).toEqual([['vary', 'Cookie']])
  })

  it('travels with the client, keeps its id, and is sent again only when it changed', async () => {
    const { sessions, events } = sealed()
    const b = browser(sessions)
    let id = ''
    await b.request((s) => {
      s.data = { user: 'ada', cart: [1] }
      ;({ id } = s)
    })
    expect(setCookie(await b.request((s) => void s.data['user']))).toEqual([])
    await b.request((s) => (s.data['user'] = 'bob'))
    const after = await b.open()
    expect(after.id).toBe(id)
    expect(after.data).toEqual({ user: 'bob', cart: [1] })
    expect(after.isNew).toBe(false)
    expect(events).toMatchObject([
      { type: 'created', session: id.slice(0, 8) },
      { type: 'written', revision: 2, merged: false },
    ])
  })

  it('is bound to its cookie and to its secret', async () => {
    const b = browser(sealed().sessions)
    await b.request((s) => (s.data['user'] = 'ada'))
    const strangers = world({
      store: sealedCookie({ secrets: [crypto.randomUUID() + crypto.randomUUID()] }),
    })
    expect((await browser(strangers.sessions).open(b.cookie)).data).toEqual({})
    expect(strangers.events).toMatchObject([{ type: 'rejected', reason: 'forged' }])
  })

  it('ends by both clocks, sealed inside', async () => {
    const { sessions, clock, events } = sealed()
    const b = browser(sessions)
    await b.request((s) => (s.data['user'] = 'ada'))
    clock.now += hour
    expect(setCookie(await b.request(() => {}))).toHaveLength(1) // a touch
    clock.now += 2 * hour - 1
    expect((await b.open()).data).toEqual({ user: 'ada' })
    clock.now += 1
    expect((await b.open()).data).toEqual({})
    expect(events.at(-1)).toMatchObject({ type: 'rejected', reason: 'expired' })
  })

  it('gets a new id by renew, has flash messages, and is cleared by destroy', async () => {
    const { sessions, events } = sealed()
    const b = browser(sessions)
    await b.request((s) => {
      s.data['cart'] = [1]
      s.flash('notice', 'Saved')
    })
    const { id } = await b.open()
    await b.request((s) => {
      expect(s.flash('notice')).toBe('Saved')
      s.renew()
    })
    const renewed = await b.open()
    expect(renewed.id).not.toBe(id)
    expect(renewed.data).toEqual({ cart: [1] })
    expect(renewed.flash('notice')).toBeUndefined()
    expect(setCookie(await b.request((s) => s.destroy()))[0]).toContain('Max-Age=0')
    expect(b.cookie).toBeNull()
    expect(setCookie(await browser(sessions).request((s) => s.destroy()))).toEqual([])
    expect(types(events)).toEqual(['created', 'written', 'destroyed'])
  })

  it('is sent also when a handler flushed it itself', async () => {
    const { sessions } = sealed()
    const b = browser(sessions)
    const session = await b.open()
    session.data['a'] = 1
    await sessions.engine.flush(session)
    expect(setCookie(await b.commit(session))).toHaveLength(1)
    expect((await b.open()).data).toEqual({ a: 1 })
  })

  it('is sent also when its expiry did not move: a change, a new id and an own lifetime that were flushed', async () => {
    const { sessions } = sealed()
    const b = browser(sessions)
    await b.request((s) => (s.data = { a: 1 }))
    for (const change of [
      (s: Session) => void (s.data['a'] = 2),
      (s: Session) => s.renew(),
      (s: Session) => s.flash('notice', 'Saved'),
      (s: Session) => s.keep({ lifetime: '10d' }),
    ]) {
      const session = await b.open()
      change(session)
      const ticket = await sessions.engine.flush(session)
      const [sent = ''] = setCookie(await b.commit(session))
      expect(sent).not.toBe('')
      const [flushed, opened] = [await sessions.engine.retrieve(ticket), await b.open()]
      expect(opened.id).toBe(flushed?.id)
      expect(opened.data).toEqual(flushed?.data)
      expect(opened.flash('notice')).toBe(flushed?.flash('notice'))
    }
  })

  it('is settled at once when there is nothing to seal', async () => {
    const { sessions } = sealed()
    const b = browser(sessions)
    await b.request((s) => (s.data['user'] = 'ada'))
    const session = await b.open()
    expect(session.data).toEqual({ user: 'ada' })
    expect(sessions.commit(session)).toEqual([['vary', 'Cookie']])
  })

  it('is too large over 4,096 bytes, and says what is biggest', async () => {
    const { sessions } = sealed()
    const session = await browser(sessions).open()
    session.data['log'] = 'x'.repeat(5000)
    await expect(sessions.commit(session)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringContaining('log 5.0 kB'),
    })
  })

  it('is held to a schema', async () => {
    const b = browser(sealed().sessions)
    await b.request((s) => (s.data['items'] = 'none'))
    const events: SessionEvent[] = []
    const typed = createSessions({
      store: sealedCookie({ secrets }),
      schema: z.object({ items: z.array(z.number()).default([]) }),
      now: () => 1_800_000_000_000,
      report: (event) => void events.push(event),
    })
    const headers = { get: () => b.cookie }
    expect((await typed.open({ headers })).data).toEqual({ items: [] })
    expect(types(events)).toEqual(['invalid', 'rejected'])
  })

  it('is the same at each request with the same cookie, whatever the one before did to what it was given', async () => {
    const plain = sealed()
    const b = browser(plain.sessions)
    await b.request((s) => {
      s.data = { items: [1], user: { name: 'ada' } }
      s.flash('notice', { text: 'Saved' })
    })
    const spoil = (data: unknown): unknown => {
      const { user, items } = data as { user?: { name: string }; items?: unknown[] }
      if (user) user.name = 'eve'
      items?.push('x')
      return data
    }
    const schema = (refuses: boolean): StandardSchema => ({
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          refuses && (value as { items?: unknown[] }).items?.includes('x') === false
            ? { issues: [{ message: 'no', path: ['items'] }] }
            : { value: spoil(value) },
      },
    })
    const store = sealedCookie({ secrets })
    const report = (event: SessionEvent) => {
      const { changes = [] } = event as { changes?: readonly Change[] }
      for (const { before } of changes) spoil({ user: before, items: before })
    }
    const now = () => plain.clock.now
    const apps = [
      createSessions({ store, now, report, schema: schema(false) }),
      createSessions({ store, now, report, schema: schema(true), onInvalid: spoil }),
      createSessions({ store, now, report }),
    ]
    for (const sessions of [...apps, ...apps]) {
      const session = await sessions.open({ headers: { get: () => b.cookie } })
      spoil(session.data)
      spoil({ user: session.flash('notice') })
      session.data = {}
      await sessions.commit(session)
    }
    for (const { open } of [apps[2] as Sessions, plain.sessions]) {
      const session = await open({ headers: { get: () => b.cookie } })
      expect(session.data).toEqual({ items: [1], user: { name: 'ada' } })
      expect(session.flash('notice')).toEqual({ text: 'Saved' })
    }
  })

  it('has nothing to close', async () => {
    await sealed().sessions.engine[Symbol.asyncDispose]()
  })
})
