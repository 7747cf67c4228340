import type { Engine, Outcome } from '../core/engine.ts'
import type { RejectReason } from '../core/events.ts'
import type { Header, Incoming } from '../core/transport.ts'
import type { Session } from '../core/session.ts'
import type { InferOutput, StandardSchema } from '../core/schema.ts'
import type { SessionData } from '../core/store.ts'
import { build } from './defaults.ts'
import type { Options } from './options.ts'

/** Opens a session for a request and commits it to the response. Adapters are made of this. */
export interface Sessions<Data extends object = SessionData> {
  /** The engine underneath, for work outside a request. */
  readonly engine: Engine<Data>
  /**
   * The request's session: the stored one, or a new one that is stored only if something is put in.
   * A request without a ticket causes no I/O.
   */
  open(request: Incoming): Promise<Session<Data>>
  /**
   * Stores what the request changed. Call it once, before the first byte of the response leaves, and not at
   * all when the handler threw or the answer is 5xx.
   * @returns the headers to add to the response: at once where nothing has to be stored, so that most responses
   *   need not wait at all; `await` takes both
   * @throws VitrineError when the session could not be stored: nothing may be sent then but an error
   */
  commit(session: Session<Data>): readonly Header[] | Promise<readonly Header[]>
}

const VARY: readonly Header[] = [['vary', 'Cookie']]
const PRIVATE: Header = ['cache-control', 'private']

/**
 * Makes the sessions of an app.
 * @throws VitrineError `CONFIG` for an impossible option
 */
export function createSessions<S extends StandardSchema | undefined = undefined>(
  options: Options<S> = {},
): Sessions<InferOutput<S>> {
  const { engine, transport, reaper, parts } = build(options)
  const { report, now } = parts

  const rejected = (reason: RejectReason) => report({ type: 'rejected', at: now(), reason })

  const sessions: Sessions = {
    engine,

    async open(request) {
      reaper.start()
      const received = transport.receive(request, rejected)
      const tickets = received instanceof Promise ? await received : received
      return engine.open(tickets, request)
    },

    commit(session) {
      const request = engine.requestOf(session)
      if (!request)
        return Promise.reject(new TypeError('commit takes a session that open returned'))
      const outcome = engine.settle(session)
      return outcome instanceof Promise
        ? outcome.then((settled) => headersFor(settled, session, request))
        : headersFor(outcome, session, request)
    },
  }
  return sessions as unknown as Sessions<InferOutput<S>>

  function headersFor(
    outcome: Outcome,
    session: Session,
    request: Incoming,
  ): readonly Header[] | Promise<readonly Header[]> {
    const vary = engine.close(session) ? VARY : []
    if (outcome.kind === 'keep') return vary
    if (outcome.kind === 'clear') return [...transport.clear(request), ...vary, PRIVATE]
    const sent = transport.send(outcome.ticket, outcome.expiresAt, now(), request)
    const all = (headers: readonly Header[]) => [...headers, ...vary, PRIVATE]
    return sent instanceof Promise ? sent.then(all) : all(sent)
  }
}

/**
 * Makes an engine alone: the six verbs, without requests.
 * @throws VitrineError `CONFIG` for an impossible option
 */
export function createEngine<S extends StandardSchema | undefined = undefined>(
  options: Options<S> = {},
): Engine<InferOutput<S>> {
  return build(options).engine as unknown as Engine<InferOutput<S>>
}
