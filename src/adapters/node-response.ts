import type { ServerResponse } from 'node:http'
import type { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import type { Header } from '../core/transport.ts'
import { addHeaders, clearAnswer, headersSent, takeHead } from './node-head.ts'

/** What happens at the gate. */
export interface Gate {
  /**
   * Called once, when the response is about to begin. Nothing of it leaves before this settles.
   * @returns the headers to add to the response
   */
  readonly commit: () => Promise<readonly Header[]>
  /** Answers instead of the handler when `commit` failed. The response is as good as new, its status 500. */
  readonly failed: (error: unknown) => void
}

/**
 * - `open`: the app has not begun to answer.
 * - `held`: it has; the commit is under way and what the app says is kept, in order.
 * - `passed`: the response flows, now and for good.
 * - `failed`: the commit failed; what the handler still says through a wrapper of its own is dropped.
 */
type Phase = 'open' | 'held' | 'passed' | 'failed'

type Method = (...args: unknown[]) => unknown

/** What makes a response begin or go on. `flush` is there when `compression` was mounted before. */
type Held = 'write' | 'end' | 'flushHeaders' | 'flush'

/** How a response looks once its head is sent. */
const HEAD_IS_SENT = {
  headersSent: true,
  writableEnded: false,
  setHeader: refuseHeader,
  setHeaders: refuseHeader,
  appendHeader: refuseHeader,
  removeHeader: refuseHeader,
}

/**
 * Holds a response back until the session is stored: then a redirect cannot overtake the session it relies on, a
 * 2xx means stored, and a failed commit is answered by the app's error handler with nothing sent before.
 *
 * The handler notices nothing: while the response is held, `headersSent` is true, `write` answers `false` and
 * `drain` follows, callbacks come late. A status of 500 and above passes at once, without a commit.
 * Informational responses (1xx) are not held.
 *
 * Works with whatever wraps the response before (`compression` below the gate) and after (above the gate).
 * @param res a response that has not begun
 */
export function gateResponse(res: ServerResponse, { commit, failed }: Gate): void {
  const below = {
    writeHead: res.writeHead as Method,
    write: res.write as Method,
    end: res.end as Method,
    flushHeaders: res.flushHeaders,
    flush: (res as { flush?: Method }).flush,
    on: res.on as Method,
  }
  const calls: { readonly name: Held; readonly args: unknown[] }[] = []
  const sources = new Set<Readable>()
  let phase: Phase = 'open'
  let beginning = false
  let open = (): void => undefined

  const onPipe = (source: Readable): void => void sources.add(source)
  const onUnpipe = (source: Readable): void => void sources.delete(source)
  res.on('pipe', onPipe).on('unpipe', onUnpipe)

  const remove = layOver(res, {
    writeHead,
    write: held('write', false),
    end: held('end', res),
    flushHeaders: held('flushHeaders', undefined),
    ...(below.flush && { flush: held('flush', undefined) }),
    on: below.on,
  })

  /** The head comes first, whoever asks for it: the hooks above the gate (`on-headers`) run when they always do. */
  function writeHead(...args: unknown[]): unknown {
    if (phase === 'open' && res.headersSent) pass(false)
    if (phase === 'passed') return Reflect.apply(below.writeHead, res, args)
    if (phase === 'failed') return res
    if (phase === 'held') {
      // some wrappers ask for the implicit head until they see Node's private `_header`
      if (args.length === 1 && args[0] === res.statusCode) return res
      throw headersSent('write')
    }
    takeHead(res, args)
    if (res.statusCode < 500) void hold(!beginning)
    else pass(!beginning)
    return res
  }

  function held(name: Held, answer: unknown): Method {
    return (...args) => {
      if (phase === 'open' || phase === 'held') checkChunk(name, args[0])
      if (phase === 'open') begin()
      if (phase === 'passed') return Reflect.apply(below[name] as Method, res, args)
      if (phase === 'failed') {
        refuse(args, writeAfterFailure())
        return name === 'write' ? true : answer
      }
      calls.push({ name, args })
      if (name === 'end') define(res, 'writableEnded', true)
      return answer
    }
  }

  function begin(): void {
    if (res.headersSent) return pass(false) // somebody answered before, past the gate: a timeout, say
    beginning = true
    try {
      res.writeHead(res.statusCode)
    } finally {
      beginning = false
    }
    if (phase === 'open') void hold(false) // a hook above kept it to itself
  }

  async function hold(explicit: boolean): Promise<void> {
    phase = 'held'
    open = layOver(res, HEAD_IS_SENT)
    const { statusCode, statusMessage } = res
    let drained: boolean
    try {
      const headers = await commit()
      open()
      Object.assign(res, { statusCode, statusMessage }) // setting them came too late, too
      addHeaders(res, headers)
      drained = replay(explicit)
    } catch (error) {
      return fail(error)
    }
    if (drained) emitDrain()
  }

  /**
   * The app's calls, in order, those included that come while they are replayed.
   * @returns whether somebody waits for a `drain` that nobody else will emit
   */
  function replay(explicit: boolean): boolean {
    let waiting = false
    let blocked = false
    settleHead(explicit)
    for (let call = calls.shift(); call; call = calls.shift()) {
      if (call.name === 'end') phase = 'passed' // in HTTP/2 and inject, `end` calls `write`
      const answer = Reflect.apply(below[call.name] as Method, res, call.args)
      if (call.name === 'write') waiting = true
      if (call.name === 'end') waiting = false
      blocked ||= call.name === 'write' && answer === false
    }
    phase = 'passed'
    return waiting && !blocked
  }

  function pass(explicit: boolean): void {
    phase = 'passed'
    settleHead(explicit)
  }

  /** From here on nothing comes back: the hooks above have run, and shall not run again. */
  function settleHead(explicit: boolean): void {
    res.off('pipe', onPipe).off('unpipe', onUnpipe)
    res.writeHead = below.writeHead as typeof res.writeHead
    if (explicit) Reflect.apply(below.writeHead, res, [res.statusCode])
  }

  /** Whoever took over `on` (compression does, for `drain`) answers the emitter that he listens to. */
  function emitDrain(): void {
    const emitter = Reflect.apply(below.on, res, ['drain', ignore]) as EventEmitter
    emitter.off('drain', ignore)
    emitter.emit('drain')
  }

  function fail(error: unknown): void {
    phase = 'failed'
    open()
    remove()
    res.off('pipe', onPipe).off('unpipe', onUnpipe)
    res.on('error', ignore) // the handler may write on, after the end of the answer it does not know of
    release(res, sources)
    for (const { args } of calls) refuse(args, error)
    if (res.headersSent) return void res.destroy()
    clearAnswer(res)
    failed(error)
  }
}

/**
 * Lays members over an object's own. This is on the path of every request: the same names in the same order, taken off
 * in reverse, keep the engine's hidden classes few.
 * @returns takes them off again, and whatever was laid over them since
 */
function layOver(target: object, members: Readonly<Record<string, unknown>>): () => void {
  const names = Object.keys(members)
  const before = names.map((name) => Object.getOwnPropertyDescriptor(target, name))
  for (const name of names) define(target, name, members[name])
  return () => {
    for (let at = names.length - 1; at >= 0; at--) {
      const own = before[at]
      if (own) Object.defineProperty(target, names[at] as string, own)
      else Reflect.deleteProperty(target, names[at] as string)
    }
  }
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  })
}

/** What is no chunk is refused while the handler is there to hear of it, as Node does. */
function checkChunk(name: Held, chunk: unknown): void {
  const optional = name === 'end' && (!chunk || typeof chunk === 'function')
  if (name.startsWith('flush') || optional) return
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return
  const error = new TypeError('The chunk must be a string, a Buffer or a Uint8Array')
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' })
}

/** Nobody waits for ever: whoever gave a callback hears that nothing was written. */
function refuse(args: readonly unknown[], error: unknown): void {
  const callback = args.find((each) => typeof each === 'function')
  if (callback) process.nextTick(callback, error)
}

/** Stops what is piped. The end is left to the end of the response: `pipeline` would tear it down on the way. */
function release(res: ServerResponse, sources: ReadonlySet<Readable>): void {
  const streams = [...sources]
  for (const stream of streams) stream.unpipe(res)
  const destroy = (): void => streams.forEach((stream) => stream.destroy())
  if (res.closed) destroy()
  else res.once('close', destroy)
}

function refuseHeader(): never {
  throw headersSent('set')
}

function writeAfterFailure(): Error {
  const error = new Error(
    'Cannot write: the session could not be stored and the response is another one',
  )
  return Object.assign(error, { code: 'ERR_STREAM_DESTROYED' })
}

function ignore(): void {
  // listening is all
}
