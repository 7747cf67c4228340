import { withHidden, type JsonObject } from './data.ts'
import {
  changesBetween,
  compose,
  isChanged,
  isSame,
  nextExpiry,
  rebase,
  type Draft,
} from './draft.ts'
import { VitrineError } from './errors.ts'
import { sessionTag, type LostReason } from './events.ts'
import type { EngineParts } from './parts.ts'
import { isLive, policyOf } from './policy.ts'
import type { ReadyStore } from './ready-store.ts'
import type { SessionState } from './session.ts'
import type { SessionRecord, Stored } from './store.ts'

/** A renewed id answers as anonymous for this long, in ms: requests that are under way still carry it. */
const RETIRED_FOR = 60_000

/** How often a compare-and-swap may lose before the engine gives up. */
const MAX_ATTEMPTS = 1000

/** Brings what a request changed into the store, whatever others store at the same time. */
export interface Committer {
  /** @param evenEmpty also create a session that holds nothing */
  save(state: SessionState, evenEmpty: boolean): Promise<void>
  remove(state: SessionState): Promise<void>
  /** Whether an unchanged session's expiry has fallen behind by a beat. */
  isTouchDue(state: SessionState): boolean
}

/** The compare-and-swap loop with the three-way merge. */
export function committer(
  store: ReadyStore,
  parts: EngineParts,
  createId: () => string,
): Committer {
  const { policy, shape, report, now } = parts

  return {
    async save(state, evenEmpty) {
      if (state.muted) {
        if (isChanged(state)) lose(state, 'renewed')
      } else if (state.record === null) {
        if (state.renewing) state.id = null
        if (evenEmpty || isChanged(state)) await insert(state)
      } else if (state.renewing) {
        await renew(state, state.record)
      } else if (isChanged(state)) {
        await update(state, state.record)
      } else {
        await touch(state, state.record)
      }
      state.renewing = false
    },

    async remove(state) {
      if (state.record === null || state.id === null) return
      await store.delete(state.id)
      state.record = null
      report({ type: 'destroyed', at: now(), session: sessionTag(state.id) })
    },

    isTouchDue: ({ record }) => record !== null && dueExpiry(record) !== record.expiresAt,
  }

  async function insert(state: SessionState): Promise<void> {
    const draft = compose(state, null, state.pristine, parts.settle, policy, now())
    await shape.check(draft.record.data)
    state.id ??= createId()
    const version = await store.write(state.id, draft.record, null)
    if (version === null) {
      throw new VitrineError(
        'CONFLICT',
        'Cannot create the session: its id is taken; createId must never repeat itself',
      )
    }
    accept(state, draft, version, null)
  }

  async function update(state: SessionState, base: SessionRecord): Promise<void> {
    const id = state.id as string
    let theirs: Stored = { record: base, version: state.version as string }
    let theirData = state.pristine
    let endTurn: (() => void) | undefined
    try {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const draft = await drafted(state, theirs.record, theirData)
        const version = isSame(draft.record, theirs.record)
          ? theirs.version
          : await store.write(id, draft.record, theirs.version)
        if (version !== null) return accept(state, draft, version, theirs.record)
        endTurn ??= await store.turn(id)
        const newest = await newestOf(id)
        if (typeof newest === 'string') return lose(state, newest)
        theirs = newest.stored
        theirData = newest.data
      }
      throw lostTooOften()
    } finally {
      endTurn?.()
    }
  }

  /**
   * The new id comes first, then the old one is retired: a crash in between leaves the old session as it was,
   * and a record that nobody knows. What others store under the old id until it is retired comes along.
   */
  async function renew(state: SessionState, base: SessionRecord): Promise<void> {
    const oldId = state.id as string
    const newId = createId()
    let theirs: Stored = { record: base, version: state.version as string }
    let draft = await drafted(state, base, state.pristine)
    let version = await store.write(newId, draft.record, null)
    try {
      for (let attempt = 0; version !== null && attempt < MAX_ATTEMPTS; attempt++) {
        if ((await store.write(oldId, retired(theirs.record), theirs.version)) !== null) {
          state.id = newId
          return accept(state, draft, version, theirs.record, oldId)
        }
        const newest = await newestOf(oldId)
        if (typeof newest === 'string') {
          await store.delete(newId)
          return lose(state, newest)
        }
        theirs = newest.stored
        draft = await drafted(state, theirs.record, newest.data)
        const { record } = draft
        // a wipe may have removed it; whether it was meant for this session, too, the old id tells
        version =
          (await store.write(newId, record, version)) ?? (await store.write(newId, record, null))
      }
    } catch (error) {
      // what failed may have been done all the same: while the old id may be retired, the new one stays
      const isRetired = await store.read(oldId).then(
        (old) => old?.record.retired === true,
        () => true,
      )
      // nobody knows that id: else the reaper gets it
      if (!isRetired) await store.delete(newId).catch(() => undefined)
      throw error
    }
    throw lostTooOften()
  }

  function retired({ createdAt, revision }: SessionRecord): SessionRecord {
    return {
      data: {},
      createdAt,
      expiresAt: now() + RETIRED_FOR,
      revision: revision + 1,
      retired: true,
    }
  }

  async function touch(state: SessionState, record: SessionRecord): Promise<void> {
    const touched = { ...record, expiresAt: dueExpiry(record) }
    if (touched.expiresAt === record.expiresAt) return
    const id = state.id as string
    const version = await store.touch(id, touched, state.version as string)
    if (version === null) return // somebody else stored it meanwhile, and moved its expiry
    state.record = touched
    state.version = version
    report({ type: 'touched', at: now(), session: sessionTag(id) })
  }

  function dueExpiry(record: SessionRecord): number {
    return nextExpiry(record, record.createdAt, policyOf(record, policy), now(), false)
  }

  async function drafted(
    state: SessionState,
    theirs: SessionRecord,
    theirData: JsonObject,
  ): Promise<Draft> {
    const draft = compose(state, theirs, theirData, parts.settle, policy, now())
    await shape.check(draft.record.data)
    return draft
  }

  /** What is stored under an id now, or why there is nothing left to merge with. */
  async function newestOf(id: string): Promise<{ stored: Stored; data: JsonObject } | LostReason> {
    const stored = await store.read(id)
    if (!stored) return 'destroyed'
    if (stored.record.retired) return 'renewed'
    if (!isLive(stored.record, now(), policy)) return 'expired'
    const data = await shape.load(stored.record.data, sessionTag(id))
    return data ? { stored, data } : 'destroyed'
  }

  function accept(
    state: SessionState,
    draft: Draft,
    version: string,
    before: SessionRecord | null,
    oldId?: string,
  ): void {
    const { record } = draft
    const session = sessionTag(state.id as string)
    const at = now()
    const merged = before !== null && before !== state.record
    rebase(state, draft, version)
    for (const { path, winner, base, mine, theirs } of draft.conflicts) {
      const conflict = { type: 'conflict', at, session, path, winner } as const
      report(withHidden(conflict, { base, mine, theirs }))
    }
    const changes = () => changesBetween(before, record)
    if (oldId !== undefined) report({ type: 'renewed', at, session, from: sessionTag(oldId) })
    if (before === null) {
      report(withChanges({ type: 'created', at, session } as const, changes))
    } else {
      const { revision } = record
      report(withChanges({ type: 'written', at, session, revision, merged } as const, changes))
    }
  }

  function lose(state: SessionState, reason: LostReason): void {
    state.ended = 'lost'
    report({ type: 'lost', at: now(), session: sessionTag(state.id ?? ''), reason })
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
