import { acceptance } from './acceptance.ts'
import { crowdedSessions } from './crowded.ts'
import type { JsonObject } from './data.ts'
import { compose, dueExpiry, isChanged, isSame, type Draft } from './draft.ts'
import { VitrineError } from './errors.ts'
import { sessionTag, type LostReason } from './events.ts'
import type { EngineParts } from './parts.ts'
import { isLive } from './policy.ts'
import type { ReadyStore } from './ready-store.ts'
import type { SessionState } from './state.ts'
import type { SessionRecord, Stored } from './store.ts'
import type { Waiter, Waiting } from './together.ts'

/** A renewed id answers as anonymous for this long, in ms: requests that are under way still carry it. */
const RETIRED_FOR = 60_000

/** How often a compare-and-swap may lose before the engine gives up. */
const MAX_ATTEMPTS = 1000

/** Brings what a request changed into the store, whatever others store at the same time. */
export interface Committer {
  /** @param evenEmpty also create a session that holds nothing */
  save(state: SessionState, evenEmpty: boolean): Promise<void>
  remove(state: SessionState): Promise<void>
}

/** What one request adds to a session, on top of what is stored or of what another one adds in the same write. */
interface Addition {
  readonly state: SessionState
  readonly before: SessionRecord
  readonly draft: Draft
}

/**
 * The compare-and-swap loop with the three-way merge.
 * @param behind who waits to have a session stored
 */
export function committer(
  store: ReadyStore,
  parts: EngineParts,
  createId: () => string,
  behind: Waiting['behind'],
): Committer {
  const { policy, shape, report, now } = parts
  const { accept, lose } = acceptance(parts)
  const crowded = crowdedSessions(now)

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

  /** Stores what a request changed, and with it what those changed who wait: one write is enough for all of them. */
  async function update(state: SessionState, base: SessionRecord): Promise<void> {
    const id = state.id as string
    let theirs: Stored = { record: base, version: state.version as string }
    let theirData = state.pristine
    let isAlone = false
    let endTurn = crowded.has(id) ? await store.turn(id) : undefined
    try {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        if (endTurn) {
          const newest = await newestOf(id)
          if (typeof newest === 'string') return lose(state, newest)
          if (newest.stored.version !== theirs.version) {
            theirs = newest.stored
            theirData = newest.data
          }
        }
        const draft = await drafted(state, theirs.record, theirData)
        const additions = [{ state, before: theirs.record, draft }]
        const others = isAlone ? [] : await takeAlong(id, additions)
        const { record } = (additions.at(-1) as Addition).draft
        let version: string | null = theirs.version
        try {
          if (!isSame(record, theirs.record)) version = await store.write(id, record, version)
        } catch (error) {
          if (others.length === 0 || !isTooLarge(error)) {
            for (const waiter of others) waiter.failure = error as Error
            throw error
          }
          isAlone = true // together they are: each for itself may be not
          continue
        }
        if (version !== null) return acceptAll(additions, version, theirs.version)
        crowded.add(id)
        endTurn ??= await store.turn(id)
      }
      throw lostTooOften()
    } finally {
      endTurn?.()
    }
  }

  /** Adds what the others changed who wait to store the same session. @returns those it took along */
  async function takeAlong(id: string, additions: Addition[]): Promise<Waiter[]> {
    const taken: Waiter[] = []
    for (const waiter of behind(id)) {
      const { state } = waiter
      if (!isUpdate(state) || additions.some((addition) => addition.state === state)) continue
      const before = (additions.at(-1) as Addition).draft.record
      try {
        additions.push({ state, before, draft: await drafted(state, before, before.data) })
        taken.push(waiter)
      } catch {
        // what is wrong with it is told when its own turn comes
      }
    }
    return taken
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
    const touched = { ...record, expiresAt: dueExpiry(record, policy, now()) }
    if (touched.expiresAt === record.expiresAt) return
    const id = state.id as string
    const version = await store.touch(id, touched, state.version as string)
    if (version === null) return // somebody else stored it meanwhile, and moved its expiry
    state.record = touched
    state.version = version
    report({ type: 'touched', at: now(), session: sessionTag(id) })
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

  /** Only the last of them holds what is stored now: the others are behind, and will notice. */
  function acceptAll(additions: readonly Addition[], version: string, earlier: string): void {
    const last = additions.at(-1)
    for (const addition of additions) {
      const { state, draft, before } = addition
      accept(state, draft, addition === last ? version : earlier, before)
    }
  }
}

function isUpdate(state: SessionState): boolean {
  const { record, renewing, ended, muted } = state
  return record !== null && !renewing && ended === null && !muted && isChanged(state)
}

function isTooLarge(error: unknown): boolean {
  return error instanceof VitrineError && error.code === 'TOO_LARGE'
}

function lostTooOften(): VitrineError {
  return new VitrineError(
    'CONFLICT',
    `Cannot store the session: others changed it first, ${MAX_ATTEMPTS} times in a row`,
  )
}
