import type { Session } from '../../../src/core/session.ts'
import type { Answer, Reply } from '../kit.ts'

/** Stores what is asked for, and answers what is stored. */
export function store(session: Session, url: URL): Answer {
  for (const [key, value] of url.searchParams) session.data[key] = value
  return { body: session.data }
}

/** Puts somebody into the session. */
export function login(session: Session): Answer {
  session.data['user'] = 'ada'
  return { body: 'hello' }
}

/** `/login`, `/logout`, `/set?key=value`; anything else answers what is stored. */
export function account(session: Session, url: URL): Answer {
  switch (url.pathname.split('/').at(-1)) {
    case 'set':
      return store(session, url)
    case 'login':
      session.renew()
      return login(session)
    case 'logout':
      session.destroy()
      return {}
    default:
      return { body: session.data }
  }
}

/** The cookie of an answer, as it is sent back: `id=…`. */
export function pairOf({ cookies }: Reply): string {
  return (cookies[0] ?? '').split(';', 1)[0] as string
}

/** A cookie's attributes by name; without its value and without what says when it ends. */
export function attributesOf(line: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [at, part] of line.split('; ').entries()) {
    const [name = '', value = ''] = part.split('=')
    if (at === 0) attributes['name'] = name
    else if (name !== 'Max-Age' && name !== 'Expires') attributes[name] = value
  }
  return attributes
}
