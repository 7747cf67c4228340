import type { NextFunction, Request, Response } from 'express'

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

const NAMES = ['127.0.0.1', 'localhost', '[::1]']

/**
 * Lets nobody in but this computer's own browser. A page elsewhere can point a name of its own at 127.0.0.1 (DNS
 * rebinding), so the name is checked; and cookies do not tell ports apart, so a form must come from this very origin.
 */
export function guard(request: Request, response: Response, next: NextFunction): void {
  response.set(HEADERS)
  const host = request.headers.host ?? ''
  if (!isOurs(host, request.socket.localPort)) {
    response.status(421).type('text').send('This shop answers to 127.0.0.1 and localhost only\n')
  } else if (request.method !== 'GET' && request.method !== 'HEAD' && !isFromHere(request, host)) {
    response.status(403).type('text').send('This form came from another site\n')
  } else next()
}

function isOurs(host: string, port: number | undefined): boolean {
  return NAMES.some((name) => host === `${name}:${port}` || (port === 80 && host === name))
}

function isFromHere({ headers }: Request, host: string): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return headers.origin === undefined || headers.origin === `http://${host}`
}
