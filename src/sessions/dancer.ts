import { VitrineError } from '../core/errors.ts'
import type { Sealer, Store } from '../core/store.ts'
import { isTrueInPerl } from '../stores/file/dancer-record.ts'
import { readDancerSettings } from '../stores/file/dancer-settings.ts'
import { jsonStore } from '../stores/file/json-store.ts'
import { yamlStore } from '../stores/file/yaml-store.ts'
import { memoryStore } from '../stores/memory.ts'
import { cookie, type CookieOptions } from '../transports/cookie.ts'
import { sealedCookie } from '../transports/seal.ts'
import { dancerSeconds } from './dancer-expires.ts'
import { dancerId } from './dancer-id.ts'
import type { Options } from './options.ts'

/** What Perl calls true or false: in a config.yml every value is a text, and `0` and the empty text are false. */
export type DancerFlag = boolean | number | string

/** The session settings of a Dancer application, under the names they have in its config.yml. */
export interface DancerConfig {
  /** The engine: `JSON`, `YAML`, `Simple` or `cookie`, in any case. */
  readonly session?: string | undefined
  /** Where the files are. Default `sessions`, under the app's directory; a relative one is under the current directory. */
  readonly session_dir?: string | undefined
  /** The cookie's name. Default `dancer.session`. */
  readonly session_name?: string | undefined
  /**
   * When a session ends after its creation: seconds, or a text such as `2 hours`, `1 day and 3 min`, `1:30`. Without it,
   * and with a text that Dancer does not understand, the cookie ends with the browser.
   */
  readonly session_expires?: number | string | undefined
  /** The cookie's domain. Default: this host alone. */
  readonly session_domain?: string | undefined
  /** Whether the cookie is for TLS alone. Default: it is when the request came over TLS. */
  readonly session_secure?: DancerFlag | undefined
  /** Whether the cookie is kept from scripts. Default true. */
  readonly session_is_http_only?: DancerFlag | undefined
  /** `Strict`, `Lax` or `None`, in any case. Default `Lax`; Dancer's own default is `None`, which browsers refuse without Secure. */
  readonly session_same_site?: string | undefined
  /** The secret of the `cookie` engine: 32 bytes or more. */
  readonly session_cookie_key?: string | undefined
  /** The cookie's path, with the `cookie` engine. Default `/`. */
  readonly session_cookie_path?: string | undefined
  /** Whatever else the app is configured with is left alone. */
  readonly [setting: string]: unknown
}

/**
 * Takes over the sessions of a Dancer application: its engine, its directory, its cookie. With `JSON` and `YAML`
 * both applications can serve the same sessions at the same time. The cookie carries the bare id, as Dancer's
 * does; ids are as long as 128 random bits need. With `cookie` the cookies are sealed our way, not Perl's.
 *
 * With `session_expires` a session ends that long after it was made; without it, after 30 days of silence.
 * @param config the settings, or the path of a config.yml, which the file of the environment is laid over as
 *   Dancer does (needs the package `yaml`)
 * @returns options for `createSessions` and every adapter; spread them to add your own
 * @throws VitrineError `CONFIG` for settings that make no sessions, `MISSING_PACKAGE` without the package `yaml`
 */
export function fromDancer(config: DancerConfig | string): Options {
  const settings: DancerConfig = typeof config === 'string' ? readDancerSettings(config) : config
  const engine = textOf(settings.session).toLowerCase()
  const store = storeOf(engine, settings)
  const seconds = secondsOf(settings.session_expires)
  if (seconds === null && 'seal' in store) {
    throw unusable('session_expires', 'give seconds, or a text like "2 hours"')
  }
  return {
    store: seconds === null && !('seal' in store) ? withWarning(store) : store,
    transport: cookie(cookieOf(engine, settings, typeof seconds === 'number')),
    createId: dancerId,
    ...(typeof seconds === 'number'
      ? { idle: seconds * 1000, lifetime: seconds * 1000 }
      : { idle: '30d', lifetime: Infinity }),
  }
}

function storeOf(engine: string, settings: DancerConfig): Store | Sealer {
  const dir = settings.session_dir ?? 'sessions'
  switch (engine) {
    case 'json':
      return jsonStore({ dir, layout: 'dancer' })
    case 'yaml':
      return yamlStore({ dir, layout: 'dancer' })
    case 'simple':
      return memoryStore()
    case 'cookie':
      return sealedCookie({ secrets: [keyOf(settings)] })
    default:
      throw unusable('session', 'name an engine: "JSON", "YAML", "Simple" or "cookie"')
  }
}

function keyOf({ session_cookie_key: key }: DancerConfig): string {
  const secret = textOf(key)
  if (new TextEncoder().encode(secret).length < 32) {
    throw unusable(
      'session_cookie_key',
      'give 32 bytes or more, such as "openssl rand -hex 32" prints',
    )
  }
  return secret
}

function cookieOf(engine: string, settings: DancerConfig, persistent: boolean): CookieOptions {
  const { session_domain: domain, session_secure: secure, session_cookie_path: path } = settings
  const httpOnly = settings.session_is_http_only ?? true
  return {
    // without the characters that Dancer takes out when it sends the cookie
    name: (textOf(settings.session_name) || 'dancer.session').replace(/[=,; \t\r\n\v\f]/g, ''),
    prefix: false,
    sameSite: sameSiteOf(settings),
    httpOnly: Number(httpOnly) !== 0,
    persistent,
    ...(domain ? { domain } : {}),
    ...(secure === undefined || secure === null ? {} : { secure: isTrueInPerl(secure) }),
    ...(engine === 'cookie' && path ? { path } : {}),
  }
}

function sameSiteOf({ session_same_site: value }: DancerConfig): 'strict' | 'lax' | 'none' {
  const sameSite = textOf(value ?? 'lax').toLowerCase()
  if (sameSite === 'strict' || sameSite === 'lax' || sameSite === 'none') return sameSite
  throw unusable('session_same_site', 'give "Strict", "Lax" or "None"')
}

/** @returns `undefined`: none was set; `null`: one that Dancer does not understand */
function secondsOf(expires: DancerConfig['session_expires']): number | null | undefined {
  if (!isTrueInPerl(expires)) return undefined
  const seconds = dancerSeconds(String(expires))
  if (seconds !== null && seconds <= 0) {
    throw unusable(
      'session_expires',
      'a session cannot end before it begins; leave it out for none',
    )
  }
  return seconds
}

/** Says at the start that a setting means nothing. */
function withWarning(store: Store): Store {
  return {
    ...store,
    async init(report) {
      report({
        type: 'warning',
        at: Date.now(),
        code: 'DANCER_EXPIRES',
        message:
          'Cannot understand session_expires, and neither can Dancer: the cookie ends with the browser',
      })
      await store.init?.(report)
    },
  }
}

/** A config.yml may hold anything under any name. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function unusable(setting: string, advice: string): VitrineError {
  return new VitrineError('CONFIG', `Cannot use this ${setting} of the Dancer settings: ${advice}`)
}
