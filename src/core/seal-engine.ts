import { changesBetween, compose, isChanged, isTouchDue, rebase } from './draft.ts'
import type { Outcome, RequestEngine } from './engine.ts'
import { VitrineError } from './errors.ts'
import { sessionTag } from './events.ts'
import { ownSessions } from './own-sessions.ts'
import type { EngineParts } from './parts.ts'
import { isLive } from './policy.ts'
import { wrapped } from './ready-store.ts'
import type { Session } from './session.ts'
import type { SessionState } from './state.ts'
import type { Sealer, SealedRecord, SessionRecord } from './store.ts'
import type { Incoming } from './transport.ts'

const KEEP: Outcome = { kind: 'keep' }

/**
 * The engine over a sealer: the client carries the whole record, so nothing is stored here. Of two parallel
 * requests the later response wins, and a copy of an old ticket stays good until it expires.
 * @param purpose what tickets are bound to
 */
export function sealEngine(sealer: Sealer, parts: EngineParts, purpose: string): RequestEngine {
  const { policy, shape, report, now, createId } = parts
  const { stateOf, requestOf, fresh, found, close } = ownSessions(createId, parts)

  return {
    init: async () => undefined,

    async create(data) {
      const session = await fresh(null, false, false)
      if (data !== undefined) session.data = data
      await seal(stateOf(session))
      return session
    },

    retrieve: (ticket) => find(ticket, null),

    async open(tickets, request) {
      for (const ticket of tickets) {
        const session = await find(ticket, request)
        if (session) return session
      }
      return fresh(request, tickets.length > 0, false)
    },

    requestOf,

    async flush(session) {
      const state = stateOf(session)
      if (state.ended !== null) {
        throw new VitrineError('DESTROYED', 'Cannot flush the session: it has ended')
      }
      return seal(state)
    },

    async destroy(session) {
      end(stateOf(session))
    },

    reset: async () => undefined,

    settle(session) {
      const state = stateOf(session)
      if (state.ended === 'destroyed') {
        end(state)
        return state.presented ? { kind: 'clear' } : KEEP
      }
      return isDue(state) ? conclude(state) : KEEP
    },

    close,
    [Symbol.asyncDispose]: async () => undefined,
  }

  async function find(ticket: string, request: Incoming | null): Promise<Session | null> {
    const record = await wrapped('open the session', () => sealer.unseal(ticket, purpose), 'sealer')
    if (!record) return rejected('forged')
    if (!isLive(record, now(), policy)) return rejected('expired')
    const session = found(record.id, record, null, request)
    return (session instanceof Promise ? await session : session) ?? rejected('invalid')
  }

  function rejected(reason: 'forged' | 'expired' | 'invalid'): null {
    report({ type: 'rejected', at: now(), reason })
    return null
  }

  /** Whether the client needs a new ticket. A record that it does not know was sealed by `flush`. */
  function isDue(state: SessionState): boolean {
    const { record, known, renewing } = state
    if (isChanged(state)) return true
    return (
      record !== null &&
      (!Object.is(record, known) || renewing || isTouchDue(record, policy, now()))
    )
  }

  async function conclude(state: SessionState): Promise<Outcome> {
    const ticket = await seal(state)
    return { kind: 'send', ticket, expiresAt: (state.record as SessionRecord).expiresAt }
  }

  async function seal(state: SessionState): Promise<string> {
    const before = state.record
    const draft = compose(state, before, state.pristine, parts.settle, policy, now())
    await shape.check(draft.record.data)
    if (state.renewing || state.id === null) state.id = createId()
    const sealed: SealedRecord = { ...draft.record, id: state.id }
    const ticket = await wrapped('seal the session', () => sealer.seal(sealed, purpose), 'sealer')
    rebase(state, draft, null)
    state.renewing = false
    if (draft.record.revision !== before?.revision) tell(state.id, before, draft.record)
    return ticket
  }

  function tell(id: string, before: SessionRecord | null, after: SessionRecord): void {
    const about = { at: now(), session: sessionTag(id), changes: changesBetween(before, after) }
    if (before === null) report({ type: 'created', ...about })
    else report({ type: 'written', revision: after.revision, merged: false, ...about })
  }

  function end(state: SessionState): void {
    state.ended = 'destroyed'
    if (state.record === null) return
    state.record = null
    report({ type: 'destroyed', at: now(), session: sessionTag(state.id ?? '') })
  }
}
