import { stringifySetCookie, type SetCookie } from 'cookie'
import { VitrineError } from '../core/errors.ts'
import type { RejectReason, Report } from '../core/events.ts'
import type { Header, Incoming, Transport } from '../core/transport.ts'
import { MAX_CANDIDATES, valuesOf } from './cookie-header.ts'
import { cookieSettings, type CookieOptions, type CookieSettings } from './cookie-settings.ts'
import { cookieWarnings } from './cookie-warnings.ts'
import type { Secrets } from './secrets.ts'
import { signer, type Signer } from './sign.ts'

export type { CookieOptions } from './cookie-settings.ts'

/** A transport by cookie, with what it tells about itself. */
export interface CookieTransport extends Transport {
  /** Whether tickets are signed. `undefined` when the options depend on the request. */
  readonly signed: boolean | undefined
  /** Says where warnings go: a cookie that the browser will not keep, once per reason. */
  init(report: Report): void
}

/** What browsers keep of name and value (RFC 6265bis, 5.6). */
const MAX_BYTES = 4096
/** 400 days in seconds: browsers cut a longer Max-Age down (RFC 6265bis, 5.5). */
const MAX_AGE = 400 * 86_400

/** A ticket that leads nowhere: there is no session of ours, but there is a cookie to take away at log-out. */
const NOBODY = ''

/** What a ticket can be made of; all of it passes through a cookie as it is. */
const TICKET = /^[\w.~-]+$/

/**
 * Carries the ticket in a cookie (RFC 6265bis). The default is
 * `HttpOnly; SameSite=Lax; Path=/`, with `Secure` and the name `__Host-id` over TLS, else `id`.
 * @param options or a function of the request that returns them; a sealed ticket is then bound to `'id'`,
 *   whatever name it returns
 * @throws VitrineError `CONFIG` for options that no browser would keep; at construction, or at the request
 *   when they depend on it
 */
export function cookie(
  options: CookieOptions | ((request: Incoming) => CookieOptions) = {},
): CookieTransport {
  const fixed = typeof options === 'function' ? null : cookieSettings(options)
  const signerOf = signers()
  if (fixed?.secrets !== undefined) signerOf(fixed.secrets) // a bad secret stops the app at its start
  const warned = new Set<string>()
  let report: Report | undefined

  function settingsFor(request: Incoming): CookieSettings {
    return fixed ?? cookieSettings((options as (request: Incoming) => CookieOptions)(request))
  }

  function warn(settings: CookieSettings, isSecure: boolean, now: number, request: Incoming): void {
    if (!report) return
    for (const { code, message } of cookieWarnings(settings, isSecure, request)) {
      if (warned.has(code)) continue
      warned.add(code)
      report({ type: 'warning', at: now, code, message })
    }
  }

  return {
    name: fixed?.name ?? 'id',
    signed: fixed ? fixed.secrets !== undefined : undefined,

    init(listener) {
      report = listener
    },

    receive(request, rejected) {
      const header = request.headers.get('cookie')
      if (!header) return []
      const settings = settingsFor(request)
      const { name } = onTheWire(settings, request)
      const candidates = candidatesIn(header, name, rejected)
      const orNobody = (tickets: readonly string[]) =>
        tickets.length === 0 && formerIn(settings, request, name).length > 0 ? [NOBODY] : tickets
      if (settings.secrets === undefined || candidates.length === 0) return orNobody(candidates)
      const signs = signerOf(settings.secrets)
      return verified(candidates, signs, settings.name, rejected).then(orNobody)
    },

    async send(ticket, expiresAt, now, request) {
      const settings = settingsFor(request)
      const { name, secure } = onTheWire(settings, request)
      if (!TICKET.test(ticket)) {
        throw new VitrineError(
          'CONFIG',
          'Cannot send this ticket in a cookie: createId may use A-Z, a-z, 0-9 and ._~- only',
        )
      }
      const value =
        settings.secrets === undefined
          ? ticket
          : await signerOf(settings.secrets).sign(ticket, settings.name)
      const length = name.length + 1 + value.length
      if (length > MAX_BYTES) {
        throw new VitrineError(
          'TOO_LARGE',
          `Cannot send the cookie: it has ${length} bytes and browsers keep ${MAX_BYTES}; store less in the session`,
        )
      }
      warn(settings, secure, now, request)
      const maxAge = settings.persistent ? { maxAge: secondsLeft(expiresAt, now) } : {}
      return [
        setCookie({ name, value, secure, ...settings.attributes, ...maxAge }),
        ...clearing(formerIn(settings, request, name), request),
      ]
    },

    clear(request) {
      const settings = settingsFor(request)
      const former = formerIn(settings, request, onTheWire(settings, request).name)
      return clearing([settings, ...former], request)
    },
  }
}

/** The name and the flag that go together, for one request. */
function onTheWire(
  { name, mayPrefix, secure }: CookieSettings,
  request: Incoming,
): { name: string; secure: boolean } {
  const isSecure = secure === 'auto' ? request.secure === true : secure
  return { name: isSecure && mayPrefix ? `__Host-${name}` : name, secure: isSecure }
}

/** Every ticket that was sent under a name, in order, byte for byte. */
function candidatesIn(
  header: string,
  name: string,
  rejected?: (reason: RejectReason) => void,
): string[] {
  const candidates: string[] = []
  for (const value of valuesOf(header, name)) {
    if (!TICKET.test(value)) rejected?.('malformed')
    else if (!candidates.includes(value)) candidates.push(value)
    if (candidates.length === MAX_CANDIDATES) break
  }
  return candidates
}

/** The cookies of another library that a request still has, under other names than ours. */
function formerIn({ replaces }: CookieSettings, request: Incoming, ours: string): CookieSettings[] {
  if (replaces.length === 0) return []
  const header = request.headers.get('cookie') ?? ''
  return replaces.filter(({ name }) => name !== ours && valuesOf(header, name).length > 0)
}

/** Takes cookies away from the client. */
function clearing(cookies: readonly CookieSettings[], request: Incoming): Header[] {
  const gone = { value: '', maxAge: 0, expires: new Date(0) }
  return cookies.map((settings) =>
    setCookie({ ...onTheWire(settings, request), ...settings.attributes, ...gone }),
  )
}

async function verified(
  candidates: readonly string[],
  { verify }: Signer,
  purpose: string,
  rejected?: (reason: RejectReason) => void,
): Promise<string[]> {
  const tickets: string[] = []
  for (const candidate of candidates) {
    const answer = verify(candidate, purpose)
    const ticket = answer instanceof Promise ? await answer : answer
    if (ticket === null) rejected?.('forged')
    else tickets.push(ticket)
  }
  return tickets
}

/** One signer for one list of secrets, so that keys are not derived anew for each request. */
function signers(): (secrets: Secrets) => Signer {
  const known = new WeakMap<Secrets, Signer>()
  return (secrets) => {
    const signs = known.get(secrets) ?? signer(secrets)
    known.set(secrets, signs)
    return signs
  }
}

/** Whole seconds for Max-Age, rounded up. It decides alone: browsers ignore Expires next to it (RFC 6265). */
function secondsLeft(expiresAt: number, now: number): number {
  const seconds = Math.min((expiresAt - now) / 1000, MAX_AGE)
  return seconds > 0 ? Math.ceil(seconds) : 0
}

function setCookie(cookie: SetCookie): Header {
  return ['set-cookie', stringifySetCookie(cookie, { encode: String })]
}
