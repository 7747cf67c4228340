import type { Cannot } from './engines.ts'
import { connectServe, nodeServe } from './frameworks/node.ts'
import { fastifyServe } from './frameworks/fastify.ts'
import { honoServe } from './frameworks/hono.ts'
import { koaServe } from './frameworks/koa.ts'
import { webServe } from './frameworks/web.ts'
import type { Serve } from './kit.ts'

/** One framework with the adapter for it. */
export interface Framework {
  readonly name: string
  readonly serve: Serve
  /** What it has no way to say, and why: these cells of the matrix are empty. */
  readonly cannot: Cannot
}

const ERRORS_NOT_TOLD = {
  'errors told': 'no middleware hears of an error that an error handler makes an answer of',
}
const NO_PROXY = {
  'a proxy to trust': 'has no setting for proxies: TLS is what the connection says',
}

/** Express 4 and 5. */
export function express(name: string, serve: Serve): Framework {
  return { name, serve, cannot: ERRORS_NOT_TOLD }
}

export const connect: Framework = {
  name: 'Connect',
  serve: connectServe,
  cannot: { ...ERRORS_NOT_TOLD, ...NO_PROXY },
}

export const node: Framework = {
  name: 'node:http',
  serve: nodeServe,
  cannot: { ...ERRORS_NOT_TOLD, ...NO_PROXY },
}

export const fastify: Framework = { name: 'Fastify', serve: fastifyServe, cannot: {} }

export const koa: Framework = { name: 'Koa', serve: koaServe, cannot: {} }

/** What it knows of a proxy is the address that the platform gives it. */
export const hono: Framework = { name: 'Hono', serve: honoServe, cannot: {} }

/** What it knows of a proxy is the address that the platform gives it. */
export const web: Framework = {
  name: 'web',
  serve: webServe,
  cannot: { 'early hints': 'a handler has one Response to give, and it is the last one' },
}
