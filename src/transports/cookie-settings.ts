import { VitrineError } from '../core/errors.ts'
import type { Secrets } from './secrets.ts'

/** How the cookie is made. Everything has a default. */
export interface CookieOptions {
  /** An RFC 6265 token. Default `'id'`. */
  readonly name?: string
  /**
   * Whether the name is `__Host-<name>` on the wire where that prefix is allowed (Secure, no `domain`, path `/`):
   * then no other host and no plain HTTP page can plant the cookie. Default true.
   */
  readonly prefix?: boolean
  /**
   * Signs the ticket: 32 bytes or more each, newest first; the first signs, all verify. With secrets an
   * unsigned ticket is never accepted.
   */
  readonly secrets?: Secrets
  /** Default `'/'`. */
  readonly path?: string
  /** Default: the cookie is for this host alone. */
  readonly domain?: string
  /** Default `'auto'`: when the request came over TLS, by the app's own rule for proxies. */
  readonly secure?: boolean | 'auto'
  /** Default `'lax'`. */
  readonly sameSite?: 'strict' | 'lax' | 'none'
  /** Keeps scripts from reading it. Default true. */
  readonly httpOnly?: boolean
  /** One jar per top-level site (CHIPS). Default false. */
  readonly partitioned?: boolean
  /** What a browser drops first when its jar is full. */
  readonly priority?: 'low' | 'medium' | 'high'
  /** Whether the cookie outlives the browser. Default true; false: no Max-Age. The session ends when it ends, either way. */
  readonly persistent?: boolean
  /**
   * Cookies of another library that this app had before. They are not read here: a request that has one loses it
   * together with being sent this cookie, or with losing it at log-out.
   */
  readonly replaces?: readonly ReplacedCookie[]
}

/** A cookie of another library, as it was sent: a browser removes it by name, path and domain together. */
export interface ReplacedCookie {
  readonly name: string
  /** Default `'/'`. */
  readonly path?: string
  /** Default: the cookie was for the host alone. */
  readonly domain?: string
}

/** Options with every default filled in, and found to be possible. */
export interface CookieSettings {
  readonly name: string
  /** Whether the name gets `__Host-` when the cookie is Secure. */
  readonly mayPrefix: boolean
  readonly secure: boolean | 'auto'
  readonly secrets: Secrets | undefined
  readonly persistent: boolean
  readonly replaces: readonly CookieSettings[]
  /** The attributes that are the same for every request. */
  readonly attributes: {
    readonly path: string
    readonly domain?: string
    readonly httpOnly: boolean
    readonly sameSite: 'strict' | 'lax' | 'none'
    readonly partitioned: boolean
    readonly priority?: 'low' | 'medium' | 'high'
  }
}

/** RFC 9110's token: no control bytes, no separators. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/
/** RFC 6265's path-value without the comma, which would end a cookie in a joined header. */
const PATH = /^\/[\x20-\x2b\x2d-\x3a\x3d-\x7e]*$/
const DOMAIN = /^\.?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i
/** Browsers ignore an attribute that is longer (RFC 6265bis, 5.6). */
const MAX_ATTRIBUTE = 1024

/**
 * Fills in the defaults.
 * @throws VitrineError `CONFIG` for what no browser would keep (RFC 6265bis, 4.1) or no header can carry
 */
export function cookieSettings(options: CookieOptions): CookieSettings {
  const { name = 'id', path = '/', domain, priority, sameSite = 'lax', secure = 'auto' } = options
  const isHost = hasPrefix(name, '__Host-')
  const isPrefixed = isHost || hasPrefix(name, '__Secure-')

  must(matches(TOKEN, name), 'name', "it must be letters, digits and !#$%&'*+-.^_`|~, 256 at most")
  must(
    matches(PATH, path),
    'path',
    'it must begin with "/" and hold no control bytes, ";", "," or "<"',
  )
  must(domain === undefined || matches(DOMAIN, domain), 'domain', 'it must be a host name')
  must(path.length <= MAX_ATTRIBUTE, 'path', 'browsers ignore one over 1,024 bytes')
  must((domain ?? '').length <= 255, 'domain', 'it must be 255 bytes at most')
  must(['strict', 'lax', 'none'].includes(sameSite), 'sameSite', 'give "strict", "lax" or "none"')
  must([true, false, 'auto'].includes(secure), 'secure', 'give true, false or "auto"')
  must(
    priority === undefined || ['low', 'medium', 'high'].includes(priority),
    'priority',
    'give "low", "medium" or "high"',
  )
  must(
    options.secrets !== undefined || !('secrets' in options),
    'secrets',
    'it is undefined; leave it out if tickets shall go unsigned',
  )
  must(
    secure !== false || sameSite !== 'none',
    'sameSite: "none"',
    'browsers refuse it without Secure',
  )
  must(secure !== false || !options.partitioned, 'partitioned', 'browsers refuse it without Secure')
  must(secure !== false || !isPrefixed, 'name', 'browsers refuse this prefix without Secure')
  must(!isHost || domain === undefined, 'domain', 'browsers refuse it with the prefix "__Host-"')
  must(!isHost || path === '/', 'path', 'browsers refuse any but "/" with the prefix "__Host-"')

  return {
    name,
    mayPrefix: (options.prefix ?? true) && !isPrefixed && domain === undefined && path === '/',
    secure: isPrefixed ? true : secure,
    secrets: options.secrets,
    persistent: options.persistent ?? true,
    replaces: (options.replaces ?? []).map((former) =>
      cookieSettings({ ...former, prefix: false }),
    ),
    attributes: {
      path,
      httpOnly: options.httpOnly ?? true,
      sameSite,
      partitioned: options.partitioned ?? false,
      ...(domain !== undefined && { domain }),
      ...(priority !== undefined && { priority }),
    },
  }
}

/** Browsers look at prefixes in any case. */
function hasPrefix(name: unknown, prefix: string): boolean {
  return String(name).toLowerCase().startsWith(prefix.toLowerCase())
}

function matches(grammar: RegExp, value: unknown): boolean {
  return typeof value === 'string' && grammar.test(value)
}

function must(condition: boolean, option: string, why: string): void {
  if (!condition) {
    throw new VitrineError('CONFIG', `Cannot use the cookie option ${option}: ${why}`)
  }
}
