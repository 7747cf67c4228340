import { type } from 'arktype'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Hono } from 'hono'
import type { Context } from 'koa'
import type { IncomingMessage } from 'node:http'
import * as v from 'valibot'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { session } from '../../src/express.ts'
import { session as fastifySession, type SessionPlugin } from '../../src/fastify.ts'
import { session as honoSession, type SessionVariables } from '../../src/hono.ts'
import {
  createEngine,
  createSessions,
  type Engine,
  type Session,
  type SessionData,
  type Sessions,
} from '../../src/index.ts'
import { session as koaSession } from '../../src/koa.ts'
import { withSession } from '../../src/web.ts'

/** What a schema says is what `session.data` is, through every door. Compiled only, never run. */

declare const req: IncomingMessage
declare const app: FastifyInstance
declare const request: FastifyRequest
declare const ctx: Context

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

export function fastifyKnowsIt(): void {
  const cart = fastifySession({ schema: inZod })
  expectTypeOf(cart).toEqualTypeOf<SessionPlugin<ZodCart>>()
  expectTypeOf(cart.of(request)).toEqualTypeOf<Session<ZodCart>>()
  expectTypeOf(cart.sessions).toEqualTypeOf<Sessions<ZodCart>>()
  expectTypeOf(fastifySession({ schema: inValibot }).of(request).data).toEqualTypeOf<ValibotCart>()
  expectTypeOf(fastifySession({ schema: inArktype }).of(request).data).toEqualTypeOf<ArktypeCart>()

  const made = createSessions({ schema: inValibot })
  expectTypeOf(fastifySession(made).of(request).data).toEqualTypeOf<ValibotCart>()
  app.register(cart)
  app.register(fastifySession, { schema: inZod, idle: '1h' })
  app.register(fastifySession, createSessions())
  // @ts-expect-error no such option
  app.register(fastifySession, { idel: '1h' })
  // @ts-expect-error no such member
  void cart.of(request).data.total
}

export function koaKnowsIt(): void {
  const cart = koaSession({ schema: inValibot })
  expectTypeOf(cart.of(ctx)).toEqualTypeOf<Session<ValibotCart>>()
  expectTypeOf(cart.sessions).toEqualTypeOf<Sessions<ValibotCart>>()
  expectTypeOf(koaSession({ schema: inZod }).of(ctx).data).toEqualTypeOf<ZodCart>()
  expectTypeOf(koaSession({ schema: inArktype }).of(ctx).data).toEqualTypeOf<ArktypeCart>()

  const made = createSessions({ schema: inArktype })
  expectTypeOf(koaSession(made).of(ctx).data).toEqualTypeOf<ArktypeCart>()
  // @ts-expect-error no such member
  void cart.of(ctx).data.total
}

export function honoKnowsIt(): void {
  new Hono().use(honoSession({ schema: inZod })).get('/', (c) => {
    expectTypeOf(c.get('session')).toEqualTypeOf<Session<ZodCart>>()
    expectTypeOf(c.var.session.data).toEqualTypeOf<ZodCart>()
    // @ts-expect-error no such member
    return c.json(c.var.session.data.total)
  })
  new Hono().use(honoSession({ schema: inValibot })).get('/', (c) => {
    expectTypeOf(c.var.session.data).toEqualTypeOf<ValibotCart>()
    return c.json(c.var.session.data.items)
  })
  new Hono().use(honoSession(createSessions({ schema: inArktype }))).get('/', (c) => {
    expectTypeOf(c.var.session.data).toEqualTypeOf<ArktypeCart>()
    return c.json(c.var.session.data.items)
  })

  const pieces = new Hono<{ Variables: SessionVariables<ZodCart> }>()
  pieces.get('/', (c) => {
    expectTypeOf(c.var.session).toEqualTypeOf<Session<ZodCart>>()
    // @ts-expect-error no such step
    c.get('session').data.step = 'paid'
    return c.text('')
  })
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
  expectTypeOf(fastifySession().of(request)).toEqualTypeOf<Session>()
  expectTypeOf(koaSession().of(ctx)).toEqualTypeOf<Session>()
  expectTypeOf(ctx.session).toEqualTypeOf<Session>()
  new Hono().use(honoSession()).get('/', (c) => {
    expectTypeOf(c.var.session).toEqualTypeOf<Session>()
    return c.text('')
  })
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
