import { withHidden } from './data.ts'
import { changesBetween, rebase, type Draft } from './draft.ts'
import { sessionTag, type LostReason } from './events.ts'
import type { EngineParts } from './parts.ts'
import type { SessionState } from './state.ts'
import type { SessionRecord } from './store.ts'

/** What a commit came to: a request takes it over, and listeners hear of it. */
export interface Acceptance {
  /**
   * @param before what the draft was composed on; `null`: the session was not stored yet
   * @param oldId the id that it had until then, when it was renewed
   */
  accept(
    state: SessionState,
    draft: Draft,
    version: string,
    before: SessionRecord | null,
    oldId?: string,
  ): void
  lose(state: SessionState, reason: LostReason): void
}

export function acceptance({ report, now }: EngineParts): Acceptance {
  return {
    accept(state, draft, version, before, oldId) {
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
    },

    lose(state, reason) {
      state.ended = 'lost'
      report({ type: 'lost', at: now(), session: sessionTag(state.id ?? ''), reason })
    },
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
