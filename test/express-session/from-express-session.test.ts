import { MemoryStore as FastifyStore } from '@fastify/session'
import session from 'express-session'
import { describe, expect, it, test } from 'vitest'
import { createEngine } from '../../src/index.ts'
import { fromExpressSession, type ForeignStore } from '../../src/express-session.ts'
import { storeSuite } from '../../src/tools/testing/suite.ts'

describe("express-session's memory store passes", () => {
  storeSuite({
    test,
    create: () => ({ store: fromExpressSession(new session.MemoryStore()) }),
    capabilities: ['wipe'],
  })
})

describe("@fastify/session's memory store passes", () => {
  storeSuite({
    test,
    create: () => ({ store: fromExpressSession(new FastifyStore()) }),
    capabilities: [],
  })
})

describe('an engine over a store made for express-session', () => {
  it('creates, merges, renews and destroys', async () => {
    const theirs = new session.MemoryStore()
    await using engine = createEngine({ store: fromExpressSession(theirs) })
    const ticket = await engine.flush(await engine.create({ user: 'ada' }))
    const [one, two] = [await engine.retrieve(ticket), await engine.retrieve(ticket)]
    one!.data['a'] = 1
    two!.data['b'] = 2
    await Promise.all([engine.flush(one!), engine.flush(two!)])
    const both = await engine.retrieve(ticket)
    expect(both?.data).toEqual({ user: 'ada', a: 1, b: 2 })
    both!.renew()
    const renewed = await engine.flush(both!)
    expect(await engine.retrieve(ticket)).toBeNull()
    expect((await engine.retrieve(renewed))?.data).toEqual({ user: 'ada', a: 1, b: 2 })
    await engine.destroy((await engine.retrieve(renewed))!)
    expect(theirs.sessions[renewed]).toBeUndefined()
    await engine.reset()
    expect(theirs.sessions).toEqual({})
  })
})

describe('what a store made for express-session sees', () => {
  const record = { data: { user: 'ada' }, createdAt: Date.now(), revision: 1 }
  const id = 'a'.repeat(32)

  async function seen(expiresAt: number): Promise<{ cookie: Record<string, unknown> }> {
    const theirs = new session.MemoryStore()
    await fromExpressSession(theirs).write(id, { ...record, expiresAt }, null)
    return JSON.parse(theirs.sessions[id]!) as { cookie: Record<string, unknown> }
  }

  it('is a session whose cookie ends when the record does', async () => {
    const expiresAt = Date.now() + 60_000
    const { cookie } = await seen(expiresAt)
    expect(cookie['expires']).toBe(new Date(expiresAt).toISOString())
    for (const name of ['maxAge', 'originalMaxAge']) {
      expect(cookie[name]).toBeGreaterThan(0)
      expect(cookie[name]).toBeLessThanOrEqual(60_000)
    }
  })

  it('has an end also when the record has none', async () => {
    const { cookie } = await seen(Infinity)
    expect(Date.parse(cookie['expires'] as string)).toBeGreaterThan(
      Date.now() + 90 * 365 * 86_400_000,
    )
  })
})

describe('a store made for express-session that', () => {
  const id = 'b'.repeat(32)
  const record = { data: {}, createdAt: 1, expiresAt: Date.now() + 60_000, revision: 1 }
  const broken = new Error('connection refused')

  function withGet(get: ForeignStore['get']): ForeignStore {
    return Object.assign(new session.MemoryStore(), { get })
  }

  it.each<[string, ForeignStore['get']]>([
    ['calls back with an error', (_, done) => done(broken)],
    ['answers with a promise that fails', () => Promise.reject(broken)],
    [
      'throws',
      () => {
        throw broken
      },
    ],
  ])('%s fails the read', async (_, get) => {
    await expect(fromExpressSession(withGet(get)).read(id)).rejects.toBe(broken)
  })

  it('says ENOENT has no such session', async () => {
    const missing = Object.assign(new Error('no file'), { code: 'ENOENT' })
    const store = fromExpressSession(withGet((_, done) => done(missing)))
    expect(await store.read(id)).toBeNull()
  })

  it('calls back with something odd fails the read with an error', async () => {
    const store = fromExpressSession(withGet((_, done) => done('refused')))
    await expect(store.read(id)).rejects.toMatchObject({ cause: 'refused' })
  })

  it.each([
    ["another program's session", { cookie: {}, user: 'eve' }],
    ['a garbled record', { cookie: {}, vitrine: '{"data":' }],
    ['a record without data', { cookie: {}, vitrine: '{"data":[1]}' }],
    ['something odd', { cookie: {}, vitrine: 7 }],
  ])('holds %s has no such session, and a new one takes its place', async (_, session_) => {
    const theirs = new session.MemoryStore()
    theirs.set(id, session_)
    const store = fromExpressSession(theirs)
    expect(await store.read(id)).toBeNull()
    expect(await store.write(id, record, 'some version')).toBeNull()
    expect(await store.write(id, record, null)).not.toBeNull()
    expect((await store.read(id))?.record).toEqual(record)
  })

  it('fails to store fails the write', async () => {
    const theirs = Object.assign(new session.MemoryStore(), {
      set: (_sid: string, _session: object, done?: session.Done) => done?.(broken),
    })
    await expect(fromExpressSession(theirs).write(id, record, null)).rejects.toBe(broken)
  })
})
