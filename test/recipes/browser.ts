import { setTimeout as sleep } from 'node:timers/promises'

/** As much of a browser as a form needs: cookies, pages, and the buttons on them. */

/** How long forms that are sent at once stay half sent, in ms: long enough for a server to begin with each. */
const HALFWAY = 300

export interface Page {
  readonly status: number
  readonly location: string | null
  /** What a reader sees of it. */
  readonly text: string
  /** The cookies that came with it, as they were sent. */
  readonly cookies: readonly string[]
  /** Presses a button of the page, after filling in the fields around it. Stays where it is sent away from. */
  press(button: string, fields?: Fields): Promise<Page>
  /** Presses it many times at once: all forms are half sent before any is sent to its end. */
  pressAtOnce(button: string, each: readonly Fields[]): Promise<void>
}

type Fields = Readonly<Record<string, string>>

export interface Browser {
  open(path: string): Promise<Page>
  /** Asks for what is no page. */
  ask(path: string, init: RequestInit): Promise<Response>
  /** The cookies it keeps, as it would send them. */
  cookie(): string
}

export function browse(origin: string): Browser {
  const jar = new Map<string, string>()

  async function ask(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(new URL(path, origin), {
      redirect: 'manual',
      signal: AbortSignal.timeout(20_000),
      ...init,
      headers: {
        accept: 'text/html',
        connection: 'close',
        cookie: cookie(),
        origin,
        ...init.headers,
      },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }

  async function pageOf(path: string, init: RequestInit): Promise<Page> {
    const { headers, status, ...rest } = await read(await ask(path, init))
    return {
      status,
      location: headers.get('location'),
      text: textOf(rest.html),
      cookies: headers.getSetCookie(),
      press(button, fields = {}) {
        const { action, body } = filled(rest.html, button, fields)
        return pageOf(action === '' ? path : action, { method: 'POST', body })
      },
      async pressAtOnce(button, each) {
        const halfway = sleep(HALFWAY)
        await Promise.all(
          each.map(async (fields) => {
            const { action, body } = filled(rest.html, button, fields)
            await ask(action === '' ? path : action, await inHalves(body, halfway))
          }),
        )
      },
    }
  }

  function cookie(): string {
    return [...jar].map((pair) => pair.join('=')).join('; ')
  }

  return { ask, cookie, open: (path) => pageOf(path, {}) }
}

async function read(response: Response): Promise<{
  html: string
  headers: Headers
  status: number
}> {
  const { headers, status } = response
  return { html: await response.text(), headers, status }
}

/** A request that says the second half of its body later. */
async function inHalves(
  body: FormData | URLSearchParams,
  later: Promise<void>,
): Promise<RequestInit> {
  const whole = new Response(body)
  const headers = { 'content-type': whole.headers.get('content-type') ?? '' }
  const bytes = new Uint8Array(await whole.arrayBuffer())
  const half = bytes.length / 2
  async function* halves(): AsyncGenerator<Uint8Array> {
    yield bytes.slice(0, half)
    await later
    yield bytes.slice(half)
  }
  return { method: 'POST', headers, body: ReadableStream.from(halves()), duplex: 'half' }
}

/** What a form sends when one of its buttons is pressed. */
function filled(
  html: string,
  button: string,
  fields: Fields,
): { action: string; body: FormData | URLSearchParams } {
  for (const [, tag = '', inside = ''] of html.matchAll(/<form([^>]*)>([^]*?)<\/form>/g)) {
    const label = [...inside.matchAll(/<button([^>]*)>([^]*?)<\/button>/g)].find(
      ([, , words = '']) => textOf(words) === button,
    )
    if (!label) continue
    const body = /multipart/i.test(tag) ? new FormData() : new URLSearchParams()
    const parts = [...inside.matchAll(/<input([^>]*)>/g), label].map(([, part = '']) => part)
    for (const part of parts) {
      const name = attribute(part, 'name')
      if (name !== '') body.append(name, fields[name] ?? attribute(part, 'value'))
    }
    return { action: attribute(tag, 'action'), body }
  }
  throw new Error(`No button "${button}" on\n${html}`)
}

function attribute(tag: string, name: string): string {
  return (new RegExp(`\\s${name}="([^"]*)"`, 'i').exec(tag)?.[1] ?? '').replaceAll('&amp;', '&')
}

function textOf(html: string): string {
  return html
    .replaceAll(/<script[^]*?<\/script>|<title>[^]*?<\/title>|<!--[^]*?-->/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
