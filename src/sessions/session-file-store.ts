import { VitrineError } from '../core/errors.ts'
import { sessionFileStore } from '../stores/file/session-file-store.ts'
import { cookie, type CookieOptions } from '../transports/cookie.ts'
import { expressSessionCookie } from '../transports/express-session-cookie.ts'
import type { Options } from './options.ts'

/** What express-session and session-file-store were set to, under the names they have there. */
export interface SessionFileStoreSettings {
  /** session-file-store's `path`: the session directory. Default `./sessions`. */
  readonly path?: string | undefined
  /** session-file-store's `ttl`, in seconds, for sessions whose cookie had no `maxAge`. Default 3600. */
  readonly ttl?: number | undefined
  /** express-session's `secret`, or several: an old cookie counts when one of them signed it. */
  readonly secret: string | readonly string[]
  /** express-session's `name`. Default `connect.sid`. */
  readonly name?: string | undefined
  /** Of express-session's `cookie` what is needed to take it away again. */
  readonly cookie?: { readonly path?: string; readonly domain?: string } | undefined
}

/**
 * Takes over the sessions of an app that kept them with express-session in the files of session-file-store: nobody is
 * logged out. The files are read where they lie. The first request of each session writes its file anew, as `jsonStore`
 * does, and its response brings our cookie and takes the old one away. A session keeps its id, until it is renewed,
 * and its idle time; `lifetime` counts from its last use there.
 *
 * Stop the old app before: it cannot read what was written anew.
 * @param settings of the old app
 * @param options of the new cookie; give `secrets`
 * @returns options for `createSessions` and every adapter; spread them to add your own
 * @throws VitrineError `CONFIG` for settings that make no sessions
 */
export function fromSessionFileStore(
  settings: SessionFileStoreSettings,
  options: CookieOptions = {},
): Options {
  const { path = './sessions', ttl = 3600, secret, name = 'connect.sid' } = settings
  if (!(ttl > 0)) {
    throw new VitrineError('CONFIG', 'Cannot use this ttl of session-file-store: give seconds')
  }
  const replaces = [...(options.replaces ?? []), { ...settings.cookie, name }]
  const ours = cookie({ ...options, replaces })
  const theirs = expressSessionCookie(name, [secret].flat())
  return {
    store: sessionFileStore({ dir: path }, ttl * 1000),
    transport: {
      ...ours,
      async receive(request, rejected) {
        const former = await theirs(request, rejected)
        const tickets = await ours.receive(request, rejected)
        return former.length === 0 ? tickets : [...tickets.filter(Boolean), ...former]
      },
    },
  }
}
