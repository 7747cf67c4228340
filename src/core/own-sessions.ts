import type { RequestEngine } from './engine.ts'
import { VitrineError } from './errors.ts'
import { sessionTag } from './events.ts'
import { LiveSession } from './live-session.ts'
import type { EngineParts } from './parts.ts'
import type { Session } from './session.ts'
import { SessionState, UNSTORED, type Beginning } from './state.ts'
import type { SessionRecord, Version } from './store.ts'
import type { Incoming } from './transport.ts'

/** How the sessions of one engine begin and end: the same over a store and over a sealer. */
export interface OwnSessions extends Pick<RequestEngine, 'requestOf' | 'close'> {
  /** @throws VitrineError `DESTROYED` when the session is another engine's */
  stateOf(session: Session): SessionState
  /**
   * A session that is not stored.
   * @param presented whether the request carried a ticket
   * @param muted whether that was a renewed id
   */
  fresh(request: Incoming | null, presented: boolean, muted: boolean): Promise<Session>
  /** The session of a record that is live; `null`: the schema refuses its data. */
  found(
    id: string,
    record: SessionRecord,
    version: Version | null,
    request: Incoming | null,
  ): Session | null | Promise<Session | null>
}

export function ownSessions(createId: () => string, parts: EngineParts): OwnSessions {
  const { shape, report, now, strict } = parts
  const owner = {}
  const begin = (beginning: Beginning) =>
    new LiveSession(new SessionState(owner, createId, parts, beginning))
  const stateOf = (session: Session) => LiveSession.stateOf(session, owner)

  return {
    stateOf,
    requestOf: (session) => LiveSession.requestOf(session, owner),

    async fresh(request, presented, muted) {
      const empty = shape.empty()
      const pristine = empty instanceof Promise ? await empty : empty
      return begin({ ...UNSTORED, pristine, presented, muted, request })
    },

    found(id, record, version, request) {
      const ready = (pristine: Beginning['pristine'] | null) =>
        pristine && begin({ id, record, version, pristine, presented: true, muted: false, request })
      const loaded = shape.load(record.data, sessionTag(id))
      return loaded instanceof Promise ? loaded.then(ready) : ready(loaded)
    },

    close(session) {
      const state = stateOf(session)
      state.late = (path) => {
        report({ type: 'late', at: now(), session: sessionTag(state.id ?? ''), path })
        if (!strict) return
        throw new VitrineError(
          'TOO_LATE',
          `Cannot change ${path}: the response has left and the session is stored; change it before`,
        )
      }
      return state.seen
    },
  }
}
