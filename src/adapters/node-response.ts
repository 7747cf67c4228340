import type { ServerResponse } from 'node:http'
import type { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import type { Header } from '../core/transport.ts'
import { checkChunk, refuse, release, writeAfterFailure } from './node-body.ts'
import {
  cover,
  uncover,
  uncoverHead,
  Below,
  type Held,
  type Listener,
  type Method,
} from './node-cover.ts'
import { addHeaders, clearAnswer, HEAD_IS_SENT, headersSent, takeHead } from './node-head.ts'
import { define, layOver } from './overlay.ts'

/**
 * - `open`: the app has not begun to answer.
 * - `held`: it has; the commit is under way and what the app says is kept, in order.
 * - `passed`: the response flows, now and for good.
 * - `failed`: the commit failed; what the handler still says through a wrapper of its own is dropped.
 */
type Phase = 'open' | 'held' | 'passed' | 'failed'

type Commit = () => readonly Header[] | Promise<readonly Header[]>

/**
 * Holds a response back until the session is stored: then a redirect cannot overtake the session it relies on, a
 * 2xx means stored, and a failed commit is answered by the app's error handler with nothing sent before.
 *
 * The handler notices nothing: while the response is held, `headersSent` is true, `write` answers `false` and
 * `drain` follows, callbacks come late. Where nothing has to be stored nothing is held. A status of 500 and above
 * passes at once, without a commit. Informational responses (1xx) are not held.
 *
 * Works with whatever wraps the response before (`compression` below the gate) and after (above the gate).
 * @param res a response that has not begun
 * @param commit called once, when the response is about to begin: nothing of it leaves before what it returns settles.
 *   It returns the headers to add; at once where nothing has to be stored
 * @param failed answers instead of the handler when `commit` failed: the response is as good as new, its status 500
 */
export function gateResponse(
  res: ServerResponse,
  commit: Commit,
  failed: (error: unknown) => void,
): void {
  cover(res, new ResponseGate(res, commit, failed))
}

/** One gate: it is on the path of every request. */
class ResponseGate implements Listener {
  readonly #res: ServerResponse
  readonly #commitSession: Commit
  readonly #failed: (error: unknown) => void
  /** The response's methods as they were. */
  readonly #below: Below
  readonly #calls: { readonly name: Held; readonly args: unknown[] }[] = []
  /** What is piped into the response. */
  readonly #sources: Readable[] = []
  #phase: Phase = 'open'
  #beginning = false
  #reopen = ignore

  constructor(res: ServerResponse, commit: Commit, failed: (error: unknown) => void) {
    this.#res = res
    this.#commitSession = commit
    this.#failed = failed
    this.#below = new Below(res)
  }

  piped(source: Readable): void {
    this.#sources.push(source)
  }

  unpiped(source: Readable): void {
    this.#sources.splice(this.#sources.indexOf(source), 1)
  }

  /** The head comes first, whoever asks for it: the hooks above the gate (`on-headers`) run when they always do. */
  writeHead(args: unknown[]): unknown {
    const res = this.#res
    if (this.#phase === 'open' && res.headersSent) this.#pass(false)
    if (this.#phase === 'passed') return Reflect.apply(this.#below.writeHead, res, args)
    if (this.#phase === 'failed') return res
    if (this.#phase === 'held') {
      // some wrappers ask for the implicit head until they see Node's private `_header`
      if (args.length === 1 && args[0] === res.statusCode) return res
      throw headersSent('write')
    }
    takeHead(res, args)
    if (res.statusCode < 500) this.#commit(!this.#beginning)
    else this.#pass(!this.#beginning)
    return res
  }

  held(name: Held, args: unknown[], answer: unknown): unknown {
    if (this.#phase === 'open' || this.#phase === 'held') checkChunk(name, args[0])
    if (this.#phase === 'open') this.#begin()
    if (this.#phase === 'passed') return Reflect.apply(this.#below[name] as Method, this.#res, args)
    if (this.#phase === 'failed') {
      refuse(args, writeAfterFailure())
      return name === 'write' ? true : answer
    }
    this.#calls.push({ name, args })
    if (name === 'end') define(this.#res, 'writableEnded', true)
    return answer
  }

  #begin(): void {
    const res = this.#res
    if (res.headersSent) return this.#pass(false) // somebody answered before, past the gate: a timeout, say
    this.#beginning = true
    try {
      res.writeHead(res.statusCode)
    } finally {
      this.#beginning = false
    }
    if (this.#phase === 'open') this.#commit(false) // a hook above kept it to itself
  }

  #commit(explicit: boolean): void {
    let headers: readonly Header[] | Promise<readonly Header[]>
    try {
      headers = this.#commitSession()
    } catch (error) {
      headers = rejected(error)
    }
    if (headers instanceof Promise) return void this.#hold(headers, explicit)
    addHeaders(this.#res, headers)
    this.#pass(explicit)
  }

  async #hold(commit: Promise<readonly Header[]>, explicit: boolean): Promise<void> {
    const res = this.#res
    this.#phase = 'held'
    this.#reopen = layOver(res, HEAD_IS_SENT)
    const { statusCode, statusMessage } = res
    let drained: boolean
    try {
      const headers = await commit
      this.#reopen()
      Object.assign(res, { statusCode, statusMessage }) // setting them came too late, too
      addHeaders(res, headers)
      drained = this.#replay(explicit)
    } catch (error) {
      return this.#fail(error)
    }
    if (drained) this.#emitDrain()
  }

  /**
   * The app's calls, in order, those included that come while they are replayed.
   * @returns whether somebody waits for a `drain` that nobody else will emit
   */
  #replay(explicit: boolean): boolean {
    let waiting = false
    let blocked = false
    this.#settleHead(explicit)
    const calls = this.#calls
    for (let call = calls.shift(); call; call = calls.shift()) {
      if (call.name === 'end') this.#phase = 'passed' // in HTTP/2 and inject, `end` calls `write`
      const answer = Reflect.apply(this.#below[call.name] as Method, this.#res, call.args)
      if (call.name === 'write') waiting = true
      if (call.name === 'end') waiting = false
      blocked ||= call.name === 'write' && answer === false
    }
    this.#phase = 'passed'
    return waiting && !blocked
  }

  #pass(explicit: boolean): void {
    this.#phase = 'passed'
    this.#settleHead(explicit)
  }

  /** From here on nothing comes back: the hooks above have run, and shall not run again. */
  #settleHead(explicit: boolean): void {
    const res = this.#res
    uncoverHead(res, this.#below)
    if (explicit) Reflect.apply(this.#below.writeHead, res, [res.statusCode])
  }

  /** Whoever took over `on` (compression does, for `drain`) answers the emitter that he listens to. */
  #emitDrain(): void {
    const emitter = Reflect.apply(this.#below.on, this.#res, ['drain', ignore]) as EventEmitter
    emitter.off('drain', ignore)
    emitter.emit('drain')
  }

  #fail(error: unknown): void {
    const res = this.#res
    this.#phase = 'failed'
    this.#reopen()
    uncover(res, this.#below)
    res.on('error', ignore) // the handler may write on, after the end of the answer it does not know of
    release(res, this.#sources)
    for (const { args } of this.#calls) refuse(args, error)
    if (res.headersSent) return void res.destroy()
    clearAnswer(res)
    this.#failed(error)
  }
}

async function rejected(error: unknown): Promise<never> {
  throw error
}

function ignore(): void {
  // listening is all
}
