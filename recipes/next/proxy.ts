import { NextResponse, type NextRequest } from 'next/server'
import { commitSession, openSession } from './session'

/** Keeps a session alive that is only looked at, which a page cannot do. */
export async function proxy({ method }: NextRequest) {
  const response = NextResponse.next()
  if (method === 'GET') await commitSession(await openSession(), response.cookies)
  return response
}

export const config = { matcher: '/((?!_next/).*)' }
