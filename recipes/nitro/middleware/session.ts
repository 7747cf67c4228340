import { defineMiddleware, toResponse } from 'nitro/h3'
import type { Session } from 'vitrine'
import { withSession } from 'vitrine/web'

declare module 'vitrine' {
  interface SessionData {
    user?: { name: string }
    cart?: Record<string, number>
  }
}

declare module 'nitro/h3' {
  interface H3EventContext {
    session: Session
  }
}

const sessions = withSession()

export default defineMiddleware((event, next) =>
  sessions(async (_request, session) => {
    event.context.session = session
    return toResponse(await next(), event)
  })(event.req),
)
