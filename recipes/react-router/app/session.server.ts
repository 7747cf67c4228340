import { createContext, type MiddlewareFunction } from 'react-router'
import type { Session } from 'vitrine'
import { withSession } from 'vitrine/web'

declare module 'vitrine' {
  interface SessionData {
    user?: { name: string }
    cart?: Record<string, number>
  }
}

const sessions = withSession()

/** In a loader or an action: `context.get(sessionContext)`. */
export const sessionContext = createContext<Session>()

/** Export it from `root.tsx`: it runs around every loader and action. */
export const sessionMiddleware: MiddlewareFunction<Response> = ({ request, context }, next) =>
  sessions((_request, session) => {
    context.set(sessionContext, session)
    return next()
  })(request)
