import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/core/session.ts'
import { createSessions } from '../../src/sessions/sessions.ts'
import { withSession } from '../../src/web.ts'
import { behaviours } from './behaviours.ts'
import { errorAnswer, latch, listen, watchedStore, type Answer } from './kit.ts'

behaviours('web', (options, app) => {
  const handle = withSession(options)(async (request, session) =>
    toResponse(await app(session, new URL(request.url))),
  )
  return listen((req, res) => {
    const headers = new Headers()
    for (let at = 0; at < req.rawHeaders.length; at += 2) {
      headers.append(req.rawHeaders[at] as string, req.rawHeaders[at + 1] as string)
    }
    void handle(new Request(`http://localhost${req.url}`, { method: req.method ?? 'GET', headers }))
      .catch((error: unknown) => toResponse(errorAnswer(error)))
      .then(({ status, headers, body }) => {
        res.statusCode = status
        res.setHeaders(headers)
        if (body) Readable.fromWeb(body as never).pipe(res)
        else res.end()
      })
  })
})

function toResponse({ status = 200, headers = {}, location, body = null }: Answer): Response {
  if (location !== undefined) {
    if (Object.keys(headers).length === 0)
      return Response.redirect(new URL(location, 'http://localhost'), 302)
    return new Response(null, { status: 302, headers: headersOf({ ...headers, location }) })
  }
  return Response.json(body, { status, headers: headersOf(headers) })
}

function headersOf(headers: Record<string, string | string[]>): Headers {
  const list = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    for (const line of [value].flat()) list.append(name, line)
  }
  return list
}

describe('withSession', () => {
  const put = (session: Session): void => {
    session.data['user'] = 'ada'
  }

  it('does not wait for a body that streams', async () => {
    const { store } = await watchedStore()
    const end = latch()
    const handle = withSession({ store })((_request, session) => {
      put(session)
      const body = new ReadableStream<string>({
        async start(controller) {
          controller.enqueue('one ')
          await end.opened
          controller.enqueue('two')
          controller.close()
        },
      })
      return new Response(body.pipeThrough(new TextEncoderStream()))
    })
    const response = await handle(new Request('http://localhost/'))
    expect(response.headers.getSetCookie()).toHaveLength(1)
    end.open()
    expect(await response.text()).toBe('one two')
  })

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
