import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/core/session.ts'
import { createSessions } from '../../src/sessions/sessions.ts'
import { withSession } from '../../src/web.ts'
import { web } from './frameworks.ts'
import { latch, watchedStore } from './kit.ts'
import { matrix } from './matrix.ts'

matrix(web)

describe('withSession', () => {
  const put = (session: Session): void => {
    session.data['user'] = 'ada'
  }

  it('leaves a response that requests share as it is', async () => {
    const { store } = await watchedStore()
    const shared = new Response(null, { status: 204 })
    const handle = withSession({ store })((_request, session) => {
      put(session)
      return shared
    })
    const response = await handle(new Request('http://localhost/'))
    expect(response.status).toBe(204)
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect([...shared.headers]).toEqual([])
  })

  it('gives out the very response of a request that stores nothing, or a copy of one that nobody may change', async () => {
    const { store } = await watchedStore()
    const made = [new Response('text'), Response.redirect('http://localhost/home', 303)]
    const answers = [...made]
    const handle = withSession({ store })((_request, session) => {
      expect(session.data['user']).toBeUndefined()
      return answers.shift() as Response
    })
    const given = [
      await handle(new Request('http://localhost/')),
      await handle(new Request('http://localhost/')),
    ]
    expect(given.map((response, n) => response === made[n])).toEqual([true, false])
    expect(given.map(({ headers }) => headers.get('vary'))).toEqual(['Cookie', 'Cookie'])
    expect(given[1]!.headers.get('location')).toBe('http://localhost/home')
  })

  it('makes a secure cookie for an https address', async () => {
    const { store } = await watchedStore()
    const handle = withSession({ store })((_request, session) => {
      put(session)
      return Response.redirect('https://localhost/home', 303)
    })
    const response = await handle(new Request('https://localhost/'))
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('https://localhost/home')
    expect(response.headers.get('set-cookie')).toMatch(/^__Host-id=.*; Secure/)
  })

  it('stores nothing for a network error', async () => {
    const { log, store } = await watchedStore()
    const handle = withSession({ store })((_request, session) => {
      put(session)
      return Response.error()
    })
    expect((await handle(new Request('http://localhost/'))).type).toBe('error')
    expect(log).toEqual([])
  })

  it('rejects when the session cannot be stored, and lets go of the body', async () => {
    const watched = await watchedStore()
    watched.beforeWrite = () => Promise.reject(new Error('ENOSPC'))
    const cancelled = latch()
    const handle = withSession({ store: watched.store })((_request, session) => {
      put(session)
      return new Response(new ReadableStream({ cancel: cancelled.open }))
    })
    await expect(handle(new Request('http://localhost/'))).rejects.toMatchObject({ code: 'STORE' })
    await cancelled.opened
  })

  it('passes on what the platform passes, and takes sessions that were made before', async () => {
    const { store } = await watchedStore()
    const sessions = createSessions({ store })
    const handle = withSession(sessions)((_request, session, env: { name: string }) => {
      session.data['name'] = env.name
      return Response.json(session.data)
    })
    const response = await handle(new Request('http://localhost/'), { name: 'ada' })
    expect(await response.json()).toEqual({ name: 'ada' })
  })
})
