import { cookies, headers } from 'next/headers'
import { NextResponse } from 'next/server'
import { createSessions, type Session } from 'vitrine'

declare module 'vitrine' {
  interface SessionData {
    user?: { name: string }
    cart?: Record<string, number>
  }
}

const sessions = createSessions()

/** The request's session. A page can look at it, not change it: Next.js sends no cookie from there. */
export async function openSession(): Promise<Session> {
  const cookie = (await cookies()).toString()
  const secure = (await headers()).get('x-forwarded-proto') === 'https'
  return sessions.open({ headers: new Headers({ cookie }), secure })
}

/** For server actions and route handlers: stores what `work` changed. If `work` throws, nothing is stored. */
export async function changeSession<T>(work: (session: Session) => T | Promise<T>): Promise<T> {
  const session = await openSession()
  const result = await work(session)
  await commitSession(session, await cookies())
  return result
}

export async function commitSession(session: Session, jar: Jar): Promise<void> {
  const set = new Headers((await sessions.commit(session)).map(([name, value]) => [name, value]))
  for (const cookie of new NextResponse(null, { headers: set }).cookies.getAll()) jar.set(cookie)
}

type Jar = Pick<NextResponse['cookies'], 'set'>
