import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { session } from '../../src/express.ts'
import { createSessions } from '../../src/index.ts'
import { changesOf, cookieFor, type DataChange } from '../../src/testing.ts'

/** The kit knows what the app's sessions hold. Compiled only, never run. */

const schema = z.object({ items: z.array(z.string()).default([]), user: z.string().optional() })

export async function ofSessions(): Promise<void> {
  const sessions = createSessions({ schema })
  expectTypeOf(await cookieFor(sessions, { items: ['tea'] })).toEqualTypeOf<string>()
  await cookieFor(sessions, {}, { secure: true })
  await cookieFor(createSessions(), { anything: ['goes'] })
  // @ts-expect-error a cart holds texts
  await cookieFor(sessions, { items: [1] })
  // @ts-expect-error no such member
  await cookieFor(sessions, { itmes: ['tea'] })
  // @ts-expect-error say what it holds, if only {}
  await cookieFor(sessions)
}

export async function ofMiddleware(): Promise<void> {
  const cart = session({ schema })
  await cookieFor(cart, { user: 'ada' })
  // @ts-expect-error a name is a text
  await cookieFor(cart, { user: 5 })
  const changes = await changesOf(cart, '', () => fetch('http://localhost'))
  expectTypeOf(changes).toEqualTypeOf<DataChange[]>()
  // @ts-expect-error what is run answers with a promise
  await changesOf(cart, '', () => 'at once')
}
