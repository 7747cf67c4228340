import { committer } from './commit.ts'
import { isChanged, isTouchDue } from './draft.ts'
import type { Outcome, RequestEngine } from './engine.ts'
import { VitrineError } from './errors.ts'
import type { RejectReason } from './events.ts'
import { ownSessions } from './own-sessions.ts'
import type { EngineParts } from './parts.ts'
import { isLive } from './policy.ts'
import { readyStore } from './ready-store.ts'
import type { Session } from './session.ts'
import type { SessionState } from './state.ts'
import type { Store } from './store.ts'
import { waitingStates } from './together.ts'
import type { Incoming } from './transport.ts'

const KEEP: Outcome = { kind: 'keep' }

/** The engine over a store. */
export function storeEngine(backend: Store, parts: EngineParts): RequestEngine {
  const { policy, report, now } = parts
  const store = readyStore(backend, report)
  const { inTurn, behind } = waitingStates()
  const { save, remove } = committer(store, parts, createId, behind)
  const { stateOf, requestOf, fresh, found, close } = ownSessions(createId, parts)

  return {
    init: () => store.init(),

    async create(data) {
      const session = await fresh(null, false, false)
      if (data !== undefined) session.data = data
      await save(stateOf(session), true)
      return session
    },

    async retrieve(ticket) {
      const session = await find(ticket, null)
      return typeof session === 'string' ? null : session
    },

    async open(tickets, request) {
      let retired = false
      for (const ticket of tickets) {
        const session = await find(ticket, request)
        if (typeof session !== 'string') return session
        retired ||= session === 'retired'
        report({ type: 'rejected', at: now(), reason: session })
      }
      return fresh(request, tickets.length > 0, retired)
    },

    requestOf,

    async flush(session) {
      const state = stateOf(session)
      if (state.ended === null) {
        state.id ??= createId()
        await inTurn(state, () => save(state, true))
      }
      if (state.ended !== null || state.muted) {
        throw new VitrineError('DESTROYED', 'Cannot flush the session: it has ended')
      }
      return session.id
    },

    async destroy(session) {
      const state = stateOf(session)
      state.ended = 'destroyed'
      await inTurn(state, () => remove(state))
    },

    reset: () => store.wipe(),

    settle(session) {
      const state = stateOf(session)
      return isIdle(state) ? KEEP : inTurn(state, () => conclude(state))
    },

    close,
    [Symbol.asyncDispose]: () => store.close(),
  }

  async function find(ticket: unknown, request: Incoming | null): Promise<Session | RejectReason> {
    if (!store.accepts(ticket)) return 'malformed'
    const stored = await store.read(ticket)
    if (!stored) return 'unknown'
    const { record, version } = stored
    if (!isLive(record, now(), policy)) return 'expired'
    if (record.retired) return 'retired'
    const session = found(ticket, record, version, request)
    return (session instanceof Promise ? await session : session) ?? 'invalid'
  }

  function createId(): string {
    const id = parts.createId()
    if (store.accepts(id)) return id
    throw new VitrineError(
      'CONFIG',
      'Cannot use the id that createId made: this store does not accept its form',
    )
  }

  /** Most requests only look: nothing to store, nothing to tell the client. */
  function isIdle(state: SessionState): boolean {
    if (state.ended !== null || state.renewing || isChanged(state)) return false
    const { record } = state
    return record === null || (isKnown(state) && !isTouchDue(record, policy, now()))
  }

  async function conclude(state: SessionState): Promise<Outcome> {
    if (state.ended === 'destroyed') {
      await remove(state)
      return state.presented && !state.muted ? { kind: 'clear' } : KEEP
    }
    await save(state, false)
    if (state.ended !== null || state.record === null || isKnown(state)) return KEEP
    return { kind: 'send', ticket: state.id as string, expiresAt: state.record.expiresAt }
  }
}

/** Whether the client's ticket and its expiry are still what is stored. */
function isKnown({ known, knownId, id, record }: SessionState): boolean {
  return known !== null && knownId === id && known.expiresAt === record?.expiresAt
}
