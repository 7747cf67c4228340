import type { JsonObject } from './data.ts'
import { changesBetween, compose, isChanged, isSame, nextExpiry, rebase, type Draft } from './draft.ts'
import { VitrineError } from './errors.ts'
import { sessionTag, withHidden, type LostReason, type Report } from './events.ts'
import { isId } from './id.ts'
import type { Settle } from './merge.ts'
import { expiry, isLive, policyOf, type Policy } from './policy.ts'
import { queueByKey } from './queue.ts'
import { LiveSession, type Session, type SessionState } from './session.ts'
import type { Shape } from './shape.ts'
import type { SessionData, SessionRecord, Store, Stored } from './store.ts'

/**
 * The six verbs of a session engine. A ticket is what the client carries: an id, or a sealed record.
 */
export interface Engine<Data extends object = SessionData> extends AsyncDisposable {
  /** Gets the store ready. Optional: the first use does it as well. */
  init(): Promise<void>
  /** Makes a new session, stores it at once, and returns it. */
  create(data?: Data): Promise<Session<Data>>
  /** The session of a ticket; `null` when it is absent, expired or forged. */
  retrieve(ticket: string): Promise<Session<Data> | null>
  /**
   * Stores what was changed, merged with what others stored meanwhile.
   * @returns the ticket
   * @throws VitrineError `DESTROYED` when the session ended meanwhile
   */
  flush(session: Session<Data>): Promise<string>
  /** Ends a session. Its record is gone when this settles. */
  destroy(session: Session<Data>): Promise<void>
  /** Wipes every stored session; the store gets ready anew at the next use. */
  reset(): Promise<void>
}

/** What a commit means for the client. */
export type Outcome =
  | { readonly kind: 'keep' }
  | { readonly kind: 'clear' }
  | { readonly kind: 'send'; readonly ticket: string; readonly expiresAt: number }

/** An engine with the two steps of a request on top. */
export interface RequestEngine extends Engine {
  /** The session of the first good ticket, or a new one that is stored only if something is put in. */
  open(tickets: readonly string[]): Promise<Session>
  /** Stores what the request changed and says what the client must be told. */
  settle(session: Session): Promise<Outcome>
  /** From now on a change to this session comes too late. */
  close(session: Session): void
}

/** Everything an engine is made of, with no option left open. */
export interface EngineParts {
  readonly policy: Policy
  readonly shape: Shape
  readonly settle: Settle
  readonly report: Report
  readonly createId: () => string
  readonly now: () => number
  readonly maxDepth: number
  /** Whether a change after the response throws `TOO_LATE`; else it is reported. */
  readonly strict: boolean
}

/** A renewed id answers as anonymous for this long, in ms: requests that are under way still carry it. */
const RETIRED_FOR = 60_000

/** How often a compare-and-swap may lose before the engine gives up. */
const MAX_ATTEMPTS = 1000

const KEEP: Outcome = { kind: 'keep' }

/** The engine over a store. */
export function storeEngine(store: Store, parts: EngineParts): RequestEngine {
  const { policy, shape, report, now } = parts
  const accepts = (id: unknown): id is string =>
    typeof id === 'string' && (store.accepts ? store.accepts(id) : isId(id))
  const inTurn = queueByKey()
  let ready: Promise<void> | null = null

  const engine: RequestEngine = {
    init: async () => {
      ready ??= asked('get ready', () => store.init?.(report))
      const attempt = ready
      await attempt.catch((error: unknown) => {
        if (ready === attempt) ready = null // a later try may succeed
        throw error
      })
    },

    async create(data) {
      const session = await fresh({ presented: false, muted: false })
      if (data !== undefined) session.data = data
      await inTurn(session.id, () => insert(stateOf(session)))
      return session
    },

    async retrieve(ticket) {
      const found = await find(ticket)
      return 'state' in found ? new LiveSession(found.state) : null
    },

    async open(tickets) {
      let retired = false
      for (const ticket of tickets) {
        const found = await find(ticket)
        if ('state' in found) return new LiveSession(found.state)
        retired ||= found.rejected === 'retired'
        report({ type: 'rejected', at: now(), reason: found.rejected })
      }
      return fresh({ presented: tickets.length > 0, muted: retired })
    },

    async flush(session) {
      const state = stateOf(session)
      if (state.ended === null) await inTurn(session.id, () => save(state, true))
      if (state.ended !== null) {
        throw new VitrineError('DESTROYED', 'Cannot flush: the session has ended')
      }
      return session.id
    },

    async destroy(session) {
      const state = stateOf(session)
      state.ended = 'destroyed'
      await inTurn(state.id ?? '', () => remove(state))
    },

    async reset() {
      await engine.init()
      await asked('wipe the sessions', () => store.wipe?.())
      ready = null
    },

    settle(session) {
      const state = stateOf(session)
      if (state.ended === null && state.data === null && !state.renewing && !isChanged(state)) {
        if (state.record === null || !isTouchDue(state)) return Promise.resolve(KEEP)
      }
      return inTurn(state.id ?? '', () => conclude(state))
    },

    close(session) {
      const state = stateOf(session)
      state.late = (path) => {
        report({ type: 'late', at: now(), session: sessionTag(state.id ?? ''), path })
        if (parts.strict) {
          throw new VitrineError(
            'TOO_LATE',
            `Cannot change ${path}: the response has left and the session is stored; change it before`,
          )
        }
      }
    },

    async [Symbol.asyncDispose]() {
      if (ready) await asked('close', () => store.close?.())
      ready = null
    },
  }
  return engine

  function stateOf(session: Session): SessionState {
    return LiveSession.stateOf(session, engine)
  }

  async function find(
    ticket: unknown,
  ): Promise<{ state: SessionState } | { rejected: 'malformed' | 'unknown' | 'expired' | 'retired' | 'invalid' }> {
    if (!accepts(ticket)) return { rejected: 'malformed' }
    const stored = await read(ticket)
    if (!stored) return { rejected: 'unknown' }
    if (!isLive(stored.record, now(), policy)) return { rejected: 'expired' }
    if (stored.record.retired) return { rejected: 'retired' }
    const pristine = await shape.load(stored.record.data, sessionTag(ticket))
    if (!pristine) return { rejected: 'invalid' }
    return { state: makeState({ id: ticket, stored, pristine, presented: true, muted: false }) }
  }

  async function fresh(how: { presented: boolean; muted: boolean }): Promise<Session> {
    const empty = shape.empty()
    const pristine = empty instanceof Promise ? await empty : empty
    return new LiveSession(makeState({ id: null, stored: null, pristine, ...how }))
  }

  function makeState(from: {
    id: string | null
    stored: Stored | null
    pristine: JsonObject
    presented: boolean
    muted: boolean
  }): SessionState {
    const createdAt = now()
    return {
      owner: engine,
      id: from.id,
      createId,
      record: from.stored?.record ?? null,
      version: from.stored?.version ?? null,
      pristine: from.pristine,
      data: null,
      replays: [],
      flashSet: null,
      flashTaken: null,
      keep: null,
      renewing: false,
      ended: null,
      seen: false,
      presented: from.presented,
      muted: from.muted,
      late: null,
      fresh: { createdAt, expiresAt: expiry(createdAt, createdAt, policy) },
      maxDepth: parts.maxDepth,
    }
  }

  function createId(): string {
    const id = parts.createId()
    if (!accepts(id)) {
      throw new VitrineError('CONFIG', 'Cannot use the id that createId made: the store does not accept it')
    }
    return id
  }

  /** Runs the end of a request. */
  async function conclude(state: SessionState): Promise<Outcome> {
    if (state.ended === 'destroyed') {
      await remove(state)
      return state.presented ? { kind: 'clear' } : KEEP
    }
    if (state.record === null && !isChanged(state)) return KEEP
    if (state.muted) return drop(state, 'renewed')
    const known = state.record && { id: state.id, expiresAt: state.record.expiresAt }
    await save(state, false)
    if (state.ended !== null || state.record === null) return KEEP
    const { expiresAt } = state.record
    if (known && known.id === state.id && known.expiresAt === expiresAt) return KEEP
    return { kind: 'send', ticket: state.id as string, expiresAt }
  }

  async function save(state: SessionState, evenEmpty: boolean): Promise<void> {
    if (state.muted) return void drop(state, 'renewed')
    if (state.record === null) {
      if (state.renewing) state.id = null
      if (evenEmpty || isChanged(state)) await insert(state)
    } else if (state.renewing) await renew(state)
    else if (isChanged(state)) await update(state)
    else await touch(state)
    state.renewing = false
  }

  async function insert(state: SessionState): Promise<void> {
    const draft = compose(state, null, state.pristine, parts.settle, policy, now())
    await shape.check(draft.record.data)
    const id = (state.id ??= createId())
    const version = await write(id, draft.record, null)
    if (version === null) {
      throw new VitrineError('CONFLICT', 'Cannot create the session: its id is taken; createId must make new ones')
    }
    accept(state, draft, version, null)
  }

  async function update(state: SessionState): Promise<void> {
    const id = state.id as string
    let theirs: Stored = { record: state.record as SessionRecord, version: state.version as string }
    let theirData = state.pristine
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const draft = await drafted(state, theirs, theirData)
      const version = isSame(draft.record, theirs.record)
        ? theirs.version
        : await write(id, draft.record, theirs.version)
      if (version !== null) return accept(state, draft, version, theirs.record)
      const newest = await newestOf(id)
      if (typeof newest === 'string') return void drop(state, newest)
      ;({ stored: theirs, data: theirData } = newest)
    }
    throw lostTooOften()
  }

  /**
   * New id first, then the old one is retired: a crash in between leaves the old session as it was and a record
   * that nobody knows. What others stored under the old id until it is retired comes along.
   */
  async function renew(state: SessionState): Promise<void> {
    const oldId = state.id as string
    const newId = createId()
    let theirs: Stored = { record: state.record as SessionRecord, version: state.version as string }
    let draft = await drafted(state, theirs, state.pristine)
    let version = await write(newId, draft.record, null)
    try {
      for (let attempt = 0; version !== null && attempt < MAX_ATTEMPTS; attempt++) {
        if ((await write(oldId, retired(theirs.record), theirs.version)) !== null) {
          state.id = newId
          accept(state, draft, version, theirs.record, oldId)
          return
        }
        const newest = await newestOf(oldId)
        if (typeof newest === 'string') {
          await asked('remove a session', () => store.delete(newId))
          return void drop(state, newest)
        }
        theirs = newest.stored
        draft = await drafted(state, theirs, newest.data)
        version = await write(newId, draft.record, version)
      }
    } catch (error) {
      await store.delete(newId).catch(() => undefined) // nobody knows that id: the reaper gets it otherwise
      throw error
    }
    throw lostTooOften()
  }

  function retired(record: SessionRecord): SessionRecord {
    const { createdAt, revision } = record
    return { data: {}, createdAt, expiresAt: now() + RETIRED_FOR, revision: revision + 1, retired: true }
  }

  function isTouchDue(state: SessionState): boolean {
    const { record } = state
    return record !== null && dueExpiry(record) !== record.expiresAt
  }

  function dueExpiry(record: SessionRecord): number {
    return nextExpiry(record, record.createdAt, policyOf(record, policy), now(), false)
  }

  async function touch(state: SessionState): Promise<void> {
    if (!isTouchDue(state)) return
    const id = state.id as string
    const record = state.record as SessionRecord
    const expected = state.version as string
    const expiresAt = dueExpiry(record)
    const touched = { ...record, expiresAt }
    const version = await asked('touch a session', () =>
      store.touch ? store.touch(id, expiresAt, expected) : store.write(id, touched, expected),
    )
    if (version === null) return // somebody else stored it meanwhile, and moved its expiry
    state.record = touched
    state.version = version
    report({ type: 'touched', at: now(), session: sessionTag(id) })
  }

  async function remove(state: SessionState): Promise<void> {
    if (state.record === null || state.id === null) return
    const { id } = state
    await asked('remove a session', () => store.delete(id))
    state.record = null
    report({ type: 'destroyed', at: now(), session: sessionTag(id) })
  }

  async function drafted(state: SessionState, theirs: Stored, theirData: JsonObject): Promise<Draft> {
    const draft = compose(state, theirs.record, theirData, parts.settle, policy, now())
    await shape.check(draft.record.data)
    return draft
  }

  /** What is stored under an id now, or why there is nothing left to merge with. */
  async function newestOf(id: string): Promise<{ stored: Stored; data: JsonObject } | LostReason> {
    const stored = await read(id)
    if (!stored) return 'destroyed'
    if (stored.record.retired) return 'renewed'
    if (!isLive(stored.record, now(), policy)) return 'expired'
    const data = await shape.load(stored.record.data, sessionTag(id))
    return data ? { stored, data } : 'destroyed'
  }

  function accept(state: SessionState, draft: Draft, version: string, before: SessionRecord | null, oldId?: string): void {
    const session = sessionTag(state.id as string)
    const at = now()
    for (const { path, winner, base, mine, theirs } of draft.conflicts) {
      const conflict = { type: 'conflict', at, session, path, winner } as const
      report(withHidden(conflict, { base, mine, theirs }))
    }
    const merged = before !== null && before !== state.record
    const { revision } = draft.record
    rebase(state, draft.record, version, draft.record.data)
    if (oldId !== undefined) report({ type: 'renewed', at, session, from: sessionTag(oldId) })
    const changes = () => changesBetween(before, draft.record)
    if (before === null) report(withChanges({ type: 'created', at, session }, changes))
    else report(withChanges({ type: 'written', at, session, revision, merged }, changes))
  }

  function drop(state: SessionState, reason: LostReason): Outcome {
    state.ended = 'lost'
    report({ type: 'lost', at: now(), session: sessionTag(state.id ?? ''), reason })
    return KEEP
  }

  async function read(id: string): Promise<Stored | null> {
    return asked('read a session', () => store.read(id))
  }

  async function write(id: string, record: SessionRecord, expected: string | null): Promise<string | null> {
    return asked('write a session', () => store.write(id, record, expected))
  }

  /** Asks the store, which gets ready first; what it throws becomes a `VitrineError`. */
  async function asked<T>(what: string, ask: () => Promise<T> | undefined): Promise<T> {
    if (!ready && what !== 'get ready') await engine.init()
    try {
      return (await ask()) as T
    } catch (error) {
      if (error instanceof VitrineError) throw error
      throw new VitrineError('STORE', `Cannot ${what}: the store failed`, error)
    }
  }
}

/** Works out the changes only when a listener asks for them. */
function withChanges<T extends object, C>(event: T, changes: () => C): T & { readonly changes: C } {
  let known: C | undefined
  return Object.defineProperty(event, 'changes', {
    get: () => (known ??= changes()),
    enumerable: true,
  }) as T & { readonly changes: C }
}

function lostTooOften(): VitrineError {
  return new VitrineError(
    'CONFLICT',
    `Cannot store the session: others changed it first, ${MAX_ATTEMPTS} times in a row`,
  )
}
