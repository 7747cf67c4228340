import { type } from 'arktype'
import type { IncomingMessage } from 'node:http'
import * as v from 'valibot'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { session } from '../../src/express.ts'
import {
  createEngine,
  createSessions,
  type Engine,
  type Session,
  type SessionData,
  type Sessions,
} from '../../src/index.ts'
import { withSession } from '../../src/web.ts'

/** What a schema says is what `session.data` is, through every door. Compiled only, never run. */

declare const req: IncomingMessage

/** One cart in three schema languages: a default, an optional member, a nested one. */
const inZod = z.object({
  items: z.array(z.string()).default([]),
  user: z.object({ name: z.string(), age: z.number().optional() }).optional(),
  step: z.enum(['cart', 'pay']).default('cart'),
})
const inValibot = v.object({
  items: v.optional(v.array(v.string()), []),
  user: v.optional(v.object({ name: v.string(), age: v.optional(v.number()) })),
  step: v.optional(v.picklist(['cart', 'pay']), 'cart'),
})
const inArktype = type({
  items: type('string[]').default(() => []),
  'user?': { name: 'string', 'age?': 'number' },
  step: type("'cart' | 'pay'").default('cart'),
})

/** What each of them makes of it: `?` with or without `undefined` is the library's affair. */
type ZodCart = z.output<typeof inZod>
type ValibotCart = v.InferOutput<typeof inValibot>
type ArktypeCart = typeof inArktype.infer

export function whatTheSchemasSay(zod: ZodCart, valibot: ValibotCart, arktype: ArktypeCart): void {
  for (const data of [zod, valibot, arktype]) {
    expectTypeOf(data.items).toEqualTypeOf<string[]>()
    expectTypeOf(data.step).toEqualTypeOf<'cart' | 'pay'>()
    expectTypeOf(data.user?.name).toEqualTypeOf<string | undefined>()
    expectTypeOf(data.user?.age).toEqualTypeOf<number | undefined>()
  }
}

export async function sessionsKnowIt(): Promise<void> {
  expectTypeOf(createSessions({ schema: inZod })).toEqualTypeOf<Sessions<ZodCart>>()
  expectTypeOf(createSessions({ schema: inValibot })).toEqualTypeOf<Sessions<ValibotCart>>()
  expectTypeOf(createSessions({ schema: inArktype })).toEqualTypeOf<Sessions<ArktypeCart>>()

  const sessions = createSessions({ schema: inZod, idle: '1h' })
  const session = await sessions.open({ headers: new Headers() })
  const { data } = session
  expectTypeOf(data).toEqualTypeOf<ZodCart>()
  session.update((newest) => {
    expectTypeOf(newest).toEqualTypeOf<ZodCart>()
    newest.items.push('tea')
    // @ts-expect-error a cart holds texts
    newest.items.push(1)
  })
  // @ts-expect-error no such member
  void data.itmes
  // @ts-expect-error the user may be absent
  void data.user.name
  // @ts-expect-error no such step
  data.step = 'paid'
}

export async function enginesKnowIt(): Promise<void> {
  expectTypeOf(createEngine({ schema: inZod })).toEqualTypeOf<Engine<ZodCart>>()
  expectTypeOf(createEngine({ schema: inValibot })).toEqualTypeOf<Engine<ValibotCart>>()
  expectTypeOf(createEngine({ schema: inArktype })).toEqualTypeOf<Engine<ArktypeCart>>()

  const engine = createEngine({ schema: inValibot })
  const made = await engine.create({ items: [], step: 'pay' })
  expectTypeOf(made).toEqualTypeOf<Session<ValibotCart>>()
  const found = await engine.retrieve('')
  expectTypeOf(found).toEqualTypeOf<Session<ValibotCart> | null>()
  // @ts-expect-error a retrieved session may be absent
  void found.data
  // @ts-expect-error what a session begins with fits the schema as well
  await engine.create({ items: 'tea', step: 'pay' })
  // @ts-expect-error another engine's session holds something else
  await engine.flush(await createEngine({ schema: z.object({ n: z.number() }) }).create({ n: 1 }))
}

export function expressKnowsIt(): void {
  const cart = session({ schema: inArktype })
  expectTypeOf(cart.of(req)).toEqualTypeOf<Session<ArktypeCart>>()
  expectTypeOf(cart.sessions).toEqualTypeOf<Sessions<ArktypeCart>>()
  expectTypeOf(session({ schema: inZod }).of(req).data).toEqualTypeOf<ZodCart>()
  expectTypeOf(session({ schema: inValibot }).of(req).data).toEqualTypeOf<ValibotCart>()

  const made = createSessions({ schema: inZod })
  expectTypeOf(session(made).of(req).data).toEqualTypeOf<ZodCart>()
  // @ts-expect-error no such member
  void cart.of(req).data.total
}

export function webKnowsIt(): void {
  withSession({ schema: inZod })((request, { data }) => {
    expectTypeOf(request).toEqualTypeOf<Request>()
    expectTypeOf(data).toEqualTypeOf<ZodCart>()
    return new Response(data.user?.name)
  })
  withSession({ schema: inValibot })((_, { data }) => {
    expectTypeOf(data).toEqualTypeOf<ValibotCart>()
    return Response.json(data)
  })
  withSession({ schema: inArktype })(async (_, { data }) => {
    expectTypeOf(data).toEqualTypeOf<ArktypeCart>()
    return Response.json(data)
  })
  withSession(createSessions({ schema: inZod }))(
    (_, { data }, env: { readonly region: string }) => {
      expectTypeOf(data).toEqualTypeOf<ZodCart>()
      return new Response(env.region)
    },
  )
  // @ts-expect-error a handler answers
  withSession({ schema: inZod })(() => undefined)
}

export async function withoutASchema(): Promise<void> {
  expectTypeOf(createSessions()).toEqualTypeOf<Sessions>()
  expectTypeOf(createSessions({ idle: '1h' })).toEqualTypeOf<Sessions>()
  expectTypeOf(createEngine({})).toEqualTypeOf<Engine>()
  expectTypeOf(session().of(req)).toEqualTypeOf<Session>()
  expectTypeOf<Express.Request['session']>().toEqualTypeOf<Session>()
  withSession()((_, { data }) => {
    expectTypeOf(data).toEqualTypeOf<SessionData>()
    return Response.json(data)
  })

  const { data } = await createEngine().create({ anything: 'goes' })
  expectTypeOf(data['views']).toEqualTypeOf<unknown>()
  // @ts-expect-error an unknown value is not a number before somebody looked
  const views: number = data['views']
  void views
}

export function aSchemaMakesAnObject(): void {
  const sessions = createSessions({ schema: z.string() })
  expectTypeOf(sessions).toEqualTypeOf<Sessions<never>>()
}
