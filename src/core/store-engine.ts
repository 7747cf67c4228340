import { committer } from './commit.ts'
import type { JsonObject } from './data.ts'
import { isChanged } from './draft.ts'
import { VitrineError } from './errors.ts'
import { sessionTag, type RejectReason } from './events.ts'
import type { EngineParts } from './parts.ts'
import { isLive } from './policy.ts'
import { readyStore } from './ready-store.ts'
import type { Outcome, RequestEngine } from './engine.ts'
import { LiveSession } from './live-session.ts'
import type { Session } from './session.ts'
import { SessionState, UNSTORED } from './state.ts'
import type { Store } from './store.ts'
import { waitingStates } from './together.ts'
import type { Incoming } from './transport.ts'

const KEEP: Outcome = { kind: 'keep' }

/** The engine over a store. */
export function storeEngine(backend: Store, parts: EngineParts): RequestEngine {
  const { policy, shape, report, now } = parts
  const store = readyStore(backend, report)
  const { inTurn, behind } = waitingStates()
  const { save, remove, isTouchDue } = committer(store, parts, createId, behind)

  const engine: RequestEngine = {
    init: () => store.init(),

    async create(data) {
      const session = await fresh(null, false, false)
      if (data !== undefined) session.data = data
      await save(stateOf(session), true)
      return session
    },

    async retrieve(ticket) {
      const found = await find(ticket, null)
      return typeof found === 'string' ? null : found
    },

    async open(tickets, request) {
      let retired = false
      for (const ticket of tickets) {
        const found = await find(ticket, request)
        if (typeof found !== 'string') return found
        retired ||= found === 'retired'
        report({ type: 'rejected', at: now(), reason: found })
      }
      return fresh(request, tickets.length > 0, retired)
    },

    requestOf: (session) => LiveSession.requestOf(session, engine),

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

    close: (session) => closeSession(stateOf(session), parts),

    [Symbol.asyncDispose]: () => store.close(),
  }
  return engine

  function stateOf(session: Session): SessionState {
    return LiveSession.stateOf(session, engine)
  }

  async function find(ticket: unknown, request: Incoming | null): Promise<Session | RejectReason> {
    if (!store.accepts(ticket)) return 'malformed'
    const stored = await store.read(ticket)
    if (!stored) return 'unknown'
    const { record, version } = stored
    if (!isLive(record, now(), policy)) return 'expired'
    if (record.retired) return 'retired'
    const loaded = shape.load(record.data, sessionTag(ticket))
    const pristine = loaded instanceof Promise ? await loaded : loaded
    if (!pristine) return 'invalid'
    return new LiveSession(
      new SessionState(engine, createId, parts, {
        id: ticket,
        record,
        version,
        pristine,
        presented: true,
        muted: false,
        request,
      }),
    )
  }

  async function fresh(
    request: Incoming | null,
    presented: boolean,
    muted: boolean,
  ): Promise<Session> {
    const empty = shape.empty()
    const pristine: JsonObject = empty instanceof Promise ? await empty : empty
    return new LiveSession(
      new SessionState(engine, createId, parts, {
        ...UNSTORED,
        pristine,
        presented,
        muted,
        request,
      }),
    )
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
    return state.record === null || (isKnown(state) && !isTouchDue(state))
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

/** Makes every later change to a session come too late. */
export function closeSession(state: SessionState, { report, now, strict }: EngineParts): boolean {
  state.late = (path) => {
    report({ type: 'late', at: now(), session: sessionTag(state.id ?? ''), path })
    if (!strict) return
    throw new VitrineError(
      'TOO_LATE',
      `Cannot change ${path}: the response has left and the session is stored; change it before`,
    )
  }
  return state.seen
}
