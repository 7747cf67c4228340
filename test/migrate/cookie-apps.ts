import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'
import { getIronSession } from 'iron-session'
import { session, type SessionMiddleware } from '../../src/express.ts'
import type { Options } from '../../src/sessions/options.ts'
import type { ReplacedCookie } from '../../src/transports/cookie-settings.ts'
import { cookie } from '../../src/transports/cookie.ts'
import { load } from './document.ts'
import { SECRETS } from './express-apps.ts'
import { appOn, listen, type Site } from './kit.ts'

type OldData = (req: IncomingMessage) => Promise<object>
type MovingIn = (site: SessionMiddleware, until: Date, oldData: OldData) => RequestHandler

/** Keys that the old app may have. The document reads the first from the environment. */
export const KEY = 'an old key of the app, long enough!'
process.env['IRON_PASSWORD'] = KEY
process.env['OLD_KEY'] = KEY

/** A library whose cookie is the session. */
export interface Library {
  readonly name: string
  /** Its cookies. */
  readonly cookies: readonly string[]
  /** The file of the document that reads them. */
  readonly file: string
  start(key?: string): Promise<Site>
}

export const iron: Library = {
  name: 'iron-session',
  cookies: ['app'],
  file: 'iron.ts',
  start(password = KEY) {
    const options = { cookieName: 'app', password, cookieOptions: { secure: false } }
    const opened = new WeakMap<IncomingMessage, Awaited<ReturnType<typeof open>>>()
    const open = (req: IncomingMessage, res: object) =>
      getIronSession<Record<string, unknown>>(req, res as never, options)
    const middleware: RequestHandler = async (req, res, next) => {
      opened.set(req, await open(req, res))
      next()
    }
    return listen(
      appOn([middleware], (req) => {
        const live = opened.get(req) as Awaited<ReturnType<typeof open>>
        return {
          data: () => live,
          async set(key, value) {
            live[key] = value
            await live.save()
          },
          end: () => live.destroy(),
        }
      }),
    )
  },
}

// its types would claim `req.session` for the whole checkout
const require = createRequire(import.meta.url)
const cookieSession = require('cookie-session') as (options: {
  name: string
  keys: readonly string[]
}) => RequestHandler

export const keygrip: Library = {
  name: 'cookie-session',
  cookies: ['session', 'session.sig'],
  file: 'cookie-session.ts',
  start(key = KEY) {
    return listen(
      appOn([cookieSession({ name: 'session', keys: [key] })], (request) => {
        const req = request as unknown as { session: Record<string, unknown> | null }
        return {
          data: () => ({ ...req.session }),
          set: (name, value) => void ((req.session as Record<string, unknown>)[name] = value),
          end: () => void (req.session = null),
        }
      }),
    )
  },
}

/** The app as the document shows it. */
export async function movedApp(
  { file, cookies }: Library,
  until: Date,
  options: Options,
): Promise<Site> {
  const replaces: readonly ReplacedCookie[] = cookies.map((name) => ({ name }))
  const { movingIn } = await load<{ movingIn: MovingIn }>('moving-in.ts')
  const { oldData } = await load<{ oldData: OldData }>(file)
  const site = session({
    report: () => {},
    transport: cookie({ ...SECRETS, replaces }),
    ...options,
  })
  return listen(
    appOn([site, movingIn(site, until, oldData)], (req) => {
      const live = site.of(req)
      return {
        data: () => live.data,
        set: (key, value) => void (live.data[key] = value),
        end: () => live.destroy(),
        renew: () => live.renew(),
      }
    }),
  )
}
