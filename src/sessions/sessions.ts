import type { Engine } from '../core/engine.ts'
import type { Header, Incoming } from '../core/transport.ts'
import type { Session } from '../core/session.ts'
import type { InferOutput, StandardSchema } from '../core/schema.ts'
import type { SessionData } from '../core/store.ts'
import { build, type Options } from './defaults.ts'

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
   * @returns the headers to add to the response
   * @throws VitrineError when the session could not be stored: nothing may be sent then but an error
   */
  commit(session: Session<Data>): Promise<readonly Header[]>
}

/**
 * Makes the sessions of an app.
 * @throws VitrineError `CONFIG` for an impossible option
 */
export function createSessions<S extends StandardSchema | undefined = undefined>(
  options: Options<S> = {},
): Sessions<InferOutput<S>> {
  const { engine, transport, reaper, parts } = build(options)
  const { report, now } = parts
  const requests = new WeakMap<Session, Incoming>()

  const sessions: Sessions = {
    engine,

    async open(request) {
      reaper.start()
      const tickets = await transport.receive(request, (reason) =>
        report({ type: 'rejected', at: now(), reason }),
      )
      const session = await engine.open(tickets)
      requests.set(session, request)
      return session
    },

    async commit(session) {
      const request = requests.get(session)
      if (!request) throw new TypeError('commit takes a session that open returned')
      const outcome = await engine.settle(session)
      const seen = engine.close(session)
      const vary: readonly Header[] = seen ? [['vary', 'Cookie']] : []
      if (outcome.kind === 'keep') return vary
      const headers =
        outcome.kind === 'clear'
          ? transport.clear(request)
          : await transport.send(outcome.ticket, outcome.expiresAt, now(), request)
      return [...headers, ...vary, ['cache-control', 'private']]
    },
  }
  return sessions as unknown as Sessions<InferOutput<S>>
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
