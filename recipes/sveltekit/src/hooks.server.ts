import type { Handle } from '@sveltejs/kit'
import type { Session } from 'vitrine'
import { withSession } from 'vitrine/web'

declare module 'vitrine' {
  interface SessionData {
    user?: { name: string }
    cart?: Record<string, number>
  }
}

declare global {
  namespace App {
    interface Locals {
      session: Session
    }
  }
}

const sessions = withSession()

export const handle: Handle = ({ event, resolve }) =>
  sessions((_request, session) => {
    event.locals.session = session
    return resolve(event)
  })(event.request)
