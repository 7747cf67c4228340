import {
  createSessions,
  memoryStore,
  type Options,
  type Session,
  type SessionEvent,
  type Sessions,
  type Store,
} from '../../src/index.ts'

/** A browser: keeps the one cookie and sends it back. */
export function browser(sessions: Sessions) {
  let jar: string | null = null
  return {
    get cookie() {
      return jar
    },
    async open(cookie = jar): Promise<Session> {
      return sessions.open({
        headers: { get: (name) => (name.toLowerCase() === 'cookie' ? cookie : null) },
      })
    },
    async commit(session: Session) {
      const headers = await sessions.commit(session)
      for (const [name, value] of headers) {
        if (name !== 'set-cookie') continue
        jar = value.includes('Max-Age=0') ? null : (value.split(';')[0] as string)
      }
      return headers
    },
    async request(handler: (session: Session) => void, cookie = jar) {
      const session = await this.open(cookie)
      handler(session)
      return this.commit(session)
    },
  }
}

/** An app with a clock of its own, a store that tells what it was asked, and everything that was reported. */
export interface World {
  sessions: Sessions
  store: Store
  events: SessionEvent[]
  calls: string[]
  clock: { now: number }
}

export function world(options: Options = {}): World {
  const clock = { now: 1_800_000_000_000 }
  const events: SessionEvent[] = []
  const calls: string[] = []
  const inner = memoryStore({ now: () => clock.now })
  const store: Store = {
    ...inner,
    read: (id) => (calls.push('read'), inner.read(id)),
    write: (...args) => (calls.push('write'), inner.write(...args)),
    touch: (...args) => (calls.push('touch'), inner.touch!(...args)),
    delete: (id) => (calls.push('delete'), inner.delete(id)),
  }
  const sessions = createSessions({
    store,
    now: () => clock.now,
    report: (event) => void events.push(event),
    ...options,
  })
  return { sessions, store, events, calls, clock }
}

export const types = (events: SessionEvent[]) => events.map((event) => event.type)

export const setCookie = (headers: readonly (readonly [string, string])[]) =>
  headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value)
