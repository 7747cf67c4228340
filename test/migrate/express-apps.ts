import { createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import expressSession from 'express-session'
import fileStore from 'session-file-store'
import { session } from '../../src/express.ts'
import { fromSessionFileStore } from '../../src/index.ts'
import type { Options } from '../../src/sessions/options.ts'
import type { SessionFileStoreSettings } from '../../src/sessions/session-file-store.ts'
import type { CookieOptions } from '../../src/transports/cookie.ts'
import { appOn, listen, type Held, type Site } from './kit.ts'

/** A secret as old apps have them: ours would not take it. */
export const OLD_SECRET = 'keyboard cat'
export const SECRETS: CookieOptions = { secrets: ['o6Jm2wVq8Rz1Xc4Bn7Kd0Hf3Gs5Pa9Te'] }

const FileStore = fileStore(expressSession)
/** Signs as express-session does. */
export function sign(value: string, secret: string): string {
  const mac = createHmac('sha256', secret).update(value).digest('base64')
  return `${value}.${mac.replace(/=+$/, '')}`
}

export interface OldSettings {
  readonly store?: ConstructorParameters<typeof FileStore>[0]
  readonly secret?: string | string[]
  readonly cookie?: { maxAge?: number; path?: string }
  readonly name?: string
  readonly genid?: () => string
}

/** The app as it was: express-session on session-file-store. */
export function oldApp(dir: string, { store, ...settings }: OldSettings = {}): Promise<Site> {
  const files = new FileStore({ path: dir, reapInterval: -1, retries: 0, logFn() {}, ...store })
  return oldAppOn(files, settings)
}

export function oldAppOn(store: object, settings: OldSettings = {}): Promise<Site> {
  const held = (req: IncomingMessage): Held => {
    const live = (req as unknown as { session: expressSession.Session }).session
    return {
      data: () => {
        const { cookie: _, __lastAccess: __, ...data } = live
        return data
      },
      set: (key, value) => void (live[key] = value),
      end: promisify((done: (error?: unknown) => void) => void live.destroy(done)),
    }
  }
  const middleware = expressSession({
    secret: OLD_SECRET,
    resave: false,
    saveUninitialized: false,
    ...settings,
    store,
  })
  return listen(appOn([middleware], held))
}

/** The app as it is now. */
export function newApp(
  path: string,
  settings: Partial<SessionFileStoreSettings> = {},
  more: Options = {},
): Promise<Site> {
  return newAppOn({
    ...fromSessionFileStore({ path, secret: OLD_SECRET, ...settings }, SECRETS),
    ...more,
  })
}

export function newAppOn(options: Options): Promise<Site> {
  const ours = session({ report: () => {}, ...options })
  return listen(
    appOn([ours], (req) => {
      const live = ours.of(req)
      return {
        data: () => live.data,
        set: (key, value) => void (live.data[key] = value),
        end: () => live.destroy(),
        renew: () => live.renew(),
      }
    }),
  )
}
