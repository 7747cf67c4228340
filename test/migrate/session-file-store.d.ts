/** As much of session-file-store as the tests use: it has no types of its own. */
declare module 'session-file-store' {
  interface Settings {
    path?: string
    ttl?: number
    secret?: string
    retries?: number
    reapInterval?: number
    logFn?: (text: string) => void
  }

  interface FileStore {
    get(sid: string, callback: (error?: unknown, session?: object | null) => void): void
    set(sid: string, session: object, callback?: (error?: unknown) => void): void
  }

  function make(session: object): new (settings: Settings) => FileStore
  export = make
}
