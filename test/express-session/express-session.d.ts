/** As much of express-session as the tests use: its own types would meet ours at `Express.Request`. */
declare module 'express-session' {
  import type { EventEmitter } from 'node:events'
  import type { RequestHandler } from 'express'

  function session(options: session.Options): RequestHandler

  namespace session {
    interface Options {
      secret: string | string[]
      store?: object
      name?: string
      resave?: boolean
      rolling?: boolean
      saveUninitialized?: boolean
      unset?: 'destroy' | 'keep'
      genid?: (request: object) => string
      cookie?: { maxAge?: number | null; httpOnly?: boolean; sameSite?: string; path?: string }
    }

    type Done = (error?: unknown) => void

    interface Cookie {
      originalMaxAge: number | null
      maxAge: number | null
      expires: Date | null
      httpOnly: boolean
      path: string
    }

    /** `req.session`. */
    interface Session {
      readonly id: string
      cookie: Cookie
      save(done?: Done): this
      reload(done: Done): this
      regenerate(done: Done): this
      destroy(done?: Done): this
      touch(): this
      [key: string]: unknown
    }

    class MemoryStore extends EventEmitter {
      sessions: Record<string, string>
      get(sid: string, callback: (error?: unknown, session?: object | null) => void): void
      set(sid: string, session: object, callback?: Done): void
      destroy(sid: string, callback?: Done): void
      touch(sid: string, session: object, callback?: Done): void
      clear(callback?: Done): void
    }
  }

  export = session
}
