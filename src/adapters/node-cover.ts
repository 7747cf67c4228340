import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { define } from './overlay.ts'

export type Method = (...args: unknown[]) => unknown

/** What makes a response begin or go on. `flush` is there when `compression` was mounted before. */
export type Held = 'write' | 'end' | 'flushHeaders' | 'flush'

/** Hears, instead of a response, what the app asks it to do. */
export interface Listener {
  writeHead(args: unknown[]): unknown
  /** @param answer what the app is to be told when nothing is done yet */
  held(name: Held, args: unknown[], answer: unknown): unknown
  piped(source: Readable): void
  unpiped(source: Readable): void
}

/** The methods that are laid over a response's, or that others may lay over it. */
const METHODS = ['writeHead', 'write', 'end', 'flushHeaders', 'flush', 'on'] as const

const LISTENER: unique symbol = Symbol('vitrine.gate')

type Methods = Record<Exclude<(typeof METHODS)[number], 'flush'>, Method>

interface Covered extends Methods {
  [LISTENER]: Listener
  flush?: Method | undefined
}

// One function for all responses, and assigned in one order: so they keep one hidden class, and V8 knows whom it calls.

function writeHead(this: Covered, ...args: unknown[]): unknown {
  return this[LISTENER].writeHead(args)
}

function write(this: Covered, ...args: unknown[]): unknown {
  return this[LISTENER].held('write', args, false)
}

function end(this: Covered, ...args: unknown[]): unknown {
  return this[LISTENER].held('end', args, this)
}

function flushHeaders(this: Covered, ...args: unknown[]): unknown {
  return this[LISTENER].held('flushHeaders', args, undefined)
}

function flush(this: Covered, ...args: unknown[]): unknown {
  return this[LISTENER].held('flush', args, undefined)
}

function onPipe(this: Covered, source: Readable): void {
  this[LISTENER].piped(source)
}

function onUnpipe(this: Covered, source: Readable): void {
  this[LISTENER].unpiped(source)
}

/** A response's methods as they were when they were covered. */
export class Below {
  readonly writeHead: Method
  readonly write: Method
  readonly end: Method
  readonly flushHeaders: Method
  readonly flush: Method | undefined
  readonly on: Method

  constructor(response: ServerResponse) {
    const res = response as unknown as Covered
    this.writeHead = res.writeHead
    this.write = res.write
    this.end = res.end
    this.flushHeaders = res.flushHeaders
    this.flush = res.flush
    this.on = res.on
  }
}

/** Lets a listener hear what the app does to a response, instead of the response. */
export function cover(response: ServerResponse, listener: Listener): void {
  const res = response as unknown as Covered
  response.on('pipe', onPipe).on('unpipe', onUnpipe)
  res[LISTENER] = listener
  res.writeHead = writeHead
  res.write = write
  res.end = end
  res.flushHeaders = flushHeaders
  if (res.flush) res.flush = flush
}

/** The response begins: nobody asks for its head again. */
export function uncoverHead(response: ServerResponse, below: Below): void {
  stopListening(response)
  response.writeHead = below.writeHead as typeof response.writeHead
}

/** Takes everything off again, and whatever was laid over it since. */
export function uncover(response: ServerResponse, below: Below): void {
  stopListening(response)
  const inherited = Object.getPrototypeOf(response) as Covered
  for (const name of METHODS) {
    if (below[name] === inherited[name]) Reflect.deleteProperty(response, name)
    else define(response, name, below[name])
  }
}

function stopListening(response: ServerResponse): void {
  response.off('pipe', onPipe).off('unpipe', onUnpipe)
}
