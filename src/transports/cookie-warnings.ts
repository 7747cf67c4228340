import type { Incoming } from '../core/transport.ts'
import type { CookieSettings } from './cookie-settings.ts'

/** Why a browser will not keep a cookie that is sent all the same. */
export interface CookieWarning {
  readonly code: 'COOKIE_SECURE' | 'COOKIE_SAMESITE' | 'COOKIE_PARTITIONED' | 'COOKIE_DOMAIN'
  readonly message: string
}

/** Browsers treat these as secure without TLS. */
const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
const IS_PLAIN =
  'and the request came over plain HTTP; use HTTPS, or make the app trust its proxy if that is where TLS ends'

/** Finds what is wrong with a cookie, seen from the request it answers. */
export function cookieWarnings(
  { attributes }: CookieSettings,
  isSecure: boolean,
  request: Incoming,
): CookieWarning[] {
  const host = hostOf(request)
  const { domain, sameSite, partitioned } = attributes
  const warnings: CookieWarning[] = []
  const warn = (code: CookieWarning['code'], why: string) =>
    warnings.push({ code, message: `The browser will not keep the cookie: ${why}` })

  if (isSecure && !arrivedSecurely(request) && host !== null && !LOOPBACK.test(host)) {
    warn('COOKIE_SECURE', `it is Secure ${IS_PLAIN}`)
  }
  if (!isSecure && sameSite === 'none') {
    warn('COOKIE_SAMESITE', `SameSite=None needs Secure ${IS_PLAIN}`)
  }
  if (!isSecure && partitioned) warn('COOKIE_PARTITIONED', `Partitioned needs Secure ${IS_PLAIN}`)
  if (domain !== undefined && host !== null && !isWithin(host, domain)) {
    warn(
      'COOKIE_DOMAIN',
      'its domain does not match the host that was asked for; change the option domain or leave it out',
    )
  }
  return warnings
}

/** For a warning a hint will do: here, and only here, what a proxy claims is believed. */
function arrivedSecurely({ secure, headers }: Incoming): boolean {
  return secure === true || /^https\b/i.test(headers.get('x-forwarded-proto') ?? '')
}

/** The host name that was asked for, in lower case; `null` when the request does not tell. */
function hostOf({ headers, url }: Incoming): string | null {
  const host = headers.get('host') ?? /^https?:\/\/([^/?#]+)/i.exec(url ?? '')?.[1]
  return host ? host.toLowerCase().replace(/:\d*$/, '') : null
}

/** RFC 6265, 5.1.3. */
function isWithin(host: string, domain: string): boolean {
  const wanted = domain.toLowerCase().replace(/^\./, '')
  return host === wanted || host.endsWith(`.${wanted}`)
}
