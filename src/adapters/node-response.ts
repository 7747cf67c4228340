import { validateHeaderValue, type ServerResponse } from 'node:http'
import type { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import type { Header } from '../core/transport.ts'
import { mergedHeader } from './headers.ts'

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

/** Headers that speak of the answer that is not given after all. `Vary`, CORS and security headers stay. */
const ABOUT_THE_ANSWER = [
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
  'set-cookie',
  'trailer',
  'transfer-encoding',
]

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
    flushHeaders: res.flushHeaders as Method,
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

  const remove = overlay(res, {
    writeHead,
    write: held('write', false),
    end: held('end', res),
    flushHeaders: held('flushHeaders', undefined),
    ...(below.flush && { flush: held('flush', undefined) }),
    on: below.on,
  })

  /** The head comes first, whoever asks for it: the hooks above the gate (`on-headers`) run when they always do. */
  function writeHead(...args: unknown[]): unknown {
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
      if (phase === 'held') calls.push({ name, args })
      else refuse(args, writeAfterFailure())
      return phase === 'failed' && name === 'write' ? true : answer
    }
  }

  function begin(): void {
    beginning = true
    try {
      res.writeHead(res.statusCode)
    } finally {
      beginning = false
    }
  }

  async function hold(explicit: boolean): Promise<void> {
    phase = 'held'
    open = overlay(res, {
      headersSent: true,
      setHeader: refuseHeader,
      setHeaders: refuseHeader,
      appendHeader: refuseHeader,
      removeHeader: refuseHeader,
    })
    try {
      const headers = await commit()
      open()
      for (const [name, value] of headers) {
        res.setHeader(name, [...mergedHeader(name, linesOf(res.getHeader(name)), value)])
      }
      replay(explicit)
    } catch (error) {
      fail(error)
    }
  }

  /** The app's calls, in order, those included that come while they are replayed. */
  function replay(explicit: boolean): void {
    let owed = false
    let blocked = false
    settleHead(explicit)
    for (const { name, args } of calls) {
      const answer = Reflect.apply(below[name] as Method, res, args)
      if (name === 'write') {
        owed = true
        blocked ||= answer === false
      }
      if (name === 'end') owed = false
    }
    phase = 'passed'
    calls.length = 0
    if (owed && !blocked) emitDrain()
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
    for (const name of ABOUT_THE_ANSWER) if (res.hasHeader(name)) res.removeHeader(name)
    res.statusCode = 500 // so that not even a careless error handler or a late write sends a 2xx
    res.statusMessage = ''
    failed(error)
  }
}
