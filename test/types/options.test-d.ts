import { expectTypeOf } from 'vitest'
import { session } from '../../src/express.ts'
import { jsonStore, yamlStore } from '../../src/files.ts'
import {
  cookie,
  createEngine,
  createSessions,
  fromDancer,
  memoryStore,
  sealedCookie,
  VitrineError,
  type Conflict,
  type ErrorCode,
  type SchemaIssue,
  type Session,
  type SessionEvent,
  type SessionRecord,
  type Store,
  type Stored,
  type Transport,
} from '../../src/index.ts'
import { withSession } from '../../src/web.ts'

/** What can be said compiles, and what cannot does not. Compiled only, never run. */

export function durations(): void {
  createSessions({ idle: 90_000, lifetime: Infinity })
  createSessions({ idle: '90s', lifetime: '0.5d' })
  // @ts-expect-error a number and one of s, m, h, d
  createSessions({ idle: '2 hours' })
  // @ts-expect-error a unit is needed in a text
  createEngine({ idle: '120' })
  // @ts-expect-error no such unit
  session({ lifetime: '2w' })
  // @ts-expect-error null is no time
  withSession({ lifetime: null })
}

export function choices(): void {
  createSessions({ onConflict: 'mine' })
  createSessions({
    onConflict: (conflict) => {
      expectTypeOf(conflict).toEqualTypeOf<Conflict>()
      return conflict.theirs
    },
  })
  // @ts-expect-error no such rule
  createSessions({ onConflict: 'other' })
  // @ts-expect-error no such rule
  session({ onInvalid: 'ignore' })
  createSessions({
    onInvalid(data, issues) {
      expectTypeOf(issues).toEqualTypeOf<readonly SchemaIssue[]>()
      return { ...data, migrated: true }
    },
  })
  // @ts-expect-error no such option
  createEngine({ idel: '2h' })
  // @ts-expect-error a schema speaks Standard Schema
  createEngine({ schema: { parse: (value: unknown) => value } })
  // @ts-expect-error ids are texts
  createEngine({ createId: () => 5 })
}

export function stores(): void {
  createSessions({ store: jsonStore() })
  createSessions({ store: jsonStore({ dir: 'sessions', durability: 'power' }) })
  createSessions({ store: yamlStore('sessions') })
  createSessions({ store: memoryStore({ max: 1000 }) })
  createSessions({ store: sealedCookie({ secrets: [''] }) })
  createSessions(fromDancer({ session: 'YAML', session_dir: 'sessions' }))
  // @ts-expect-error a store, not its directory
  createSessions({ store: 'sessions' })
  // @ts-expect-error a store that was made, not the function that makes it
  createSessions({ store: memoryStore })
  // @ts-expect-error no such durability
  jsonStore({ durability: 'always' })
  // @ts-expect-error secrets are needed
  sealedCookie()
}

export function transports(): void {
  createSessions({ transport: cookie({ sameSite: 'strict', secrets: [''] }) })
  createSessions({ transport: cookie(({ secure }) => ({ secure: secure === true })) })
  // @ts-expect-error no such value
  cookie({ sameSite: 'sometimes' })
  // @ts-expect-error a transport also clears
  const half: Transport = { name: 'id', receive: async () => [], send: async () => [] }
  void half
}

export function aStoreByHand(): void {
  const kept = new Map<string, Stored>()
  const store: Store = {
    async read(id) {
      return kept.get(id) ?? null
    },
    async write(id, record, expected) {
      expectTypeOf(record).toEqualTypeOf<SessionRecord>()
      if ((kept.get(id)?.version ?? null) !== expected) return null
      kept.set(id, { record, version: String(record.revision) })
      return String(record.revision)
    },
    async delete(id) {
      kept.delete(id)
    },
  }
  createEngine({ store })
  createEngine({ store: { ...store, ids: () => fromKeys(kept), reap: async () => 0 } })

  // @ts-expect-error removing is part of it
  const forgetful: Store = { read: store.read, write: store.write }
  // @ts-expect-error a store that says nothing about the swap cannot merge
  const blind: Store = { ...store, write: async () => undefined }
  // @ts-expect-error absent is null
  const vague: Store = { ...store, read: async () => undefined }
  // @ts-expect-error a record is never changed once it was handed over
  const careless: Store = { ...store, write: async (_, record) => String(record.revision++) }
  void [forgetful, blind, vague, careless]
}

async function* fromKeys(kept: Map<string, Stored>): AsyncGenerator<string> {
  yield* kept.keys()
}

export function aSession(session: Session): void {
  expectTypeOf(session.flash('notice')).toEqualTypeOf<unknown>()
  expectTypeOf(session.flash('notice', 'Saved')).toEqualTypeOf<void>()
  session.keep({ idle: '14d' })
  // @ts-expect-error no such time
  session.keep({ idle: 'for ever' })
  // @ts-expect-error ids are not given, they are made
  session.id = 'mine'
  // @ts-expect-error times are set by keep
  session.expiresAt = 0
  // @ts-expect-error data is an object
  session.data = 'ada'
  // @ts-expect-error data is left empty, not taken away
  session.data = null
}

export function events(event: SessionEvent): string {
  switch (event.type) {
    case 'conflict':
      return event.winner
    case 'corrupt':
      return event.kept ?? event.reason
    case 'rejected':
      // @ts-expect-error a ticket that led to no session has none
      return event.session
    default:
      return new Date(event.at).toISOString()
  }
}

export function errors(error: unknown): void {
  if (!(error instanceof VitrineError)) return
  expectTypeOf(error.code).toEqualTypeOf<ErrorCode>()
  // @ts-expect-error no such code
  if (error.code === 'TOO_SMALL') throw error
}
