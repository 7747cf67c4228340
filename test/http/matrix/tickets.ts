import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { createId } from '../../../src/core/id.ts'
import { cookie } from '../../../src/transports/cookie.ts'
import { hostileCookies } from '../../fixtures/hostile-cookies.ts'
import { raw } from '../kit.ts'
import type { Cell } from '../matrix.ts'
import { pairOf, store } from './apps.ts'

/** What clients send as tickets: good ones, several, and what is none. */
export function tickets(cell: Cell): void {
  /** An app, somebody's good ticket there, and a store that has forgotten that it was asked. */
  async function somebody(options?: Parameters<Cell['start']>[1]) {
    const origin = await cell.start(store, options)
    const pair = pairOf(await raw(`${origin}/?user=ada`))
    cell.watched.calls.length = 0
    return { origin, pair, ticket: pair.slice('id='.length) }
  }

  cell.it('the ticket is of the form that is promised', async () => {
    expect((await somebody()).ticket).toMatch(cell.engine.ticket)
  })

  for (const [what, planted] of [
    ['an unknown id', 'a'.repeat(32)],
    ['an id of another form', 'A'.repeat(32)],
    ['a path', '..'],
    ['a ticket of another kind', 'eyJhbGciOiJub25lIn0.eyJpZCI6ImEifQ.'],
  ] as const) {
    cell.it(`${what} is nobody, with status 200, and is not adopted`, async () => {
      const origin = await cell.start(store)
      const sent: [string, string][] = [['cookie', `id=${planted}`]]
      expect(await raw(origin, sent)).toMatchObject({ status: 200, json: {}, cookies: [] })
      const reply = await raw(`${origin}/?user=ada`, sent)
      expect(reply.cookies).toHaveLength(1)
      expect(pairOf(reply)).not.toBe(`id=${planted}`)
      expect(cell.watched.calls).not.toContain(`write ${planted}`)
    })
  }

  cell.it('a ticket with one character more, less or changed is nobody', async () => {
    const { origin, ticket } = await somebody()
    const middle = ticket.length >> 1
    const other = ticket[middle] === 'a' ? 'b' : 'a'
    for (const forged of [
      `${ticket}a`,
      `a${ticket}`,
      `${ticket}.`,
      ticket.slice(1),
      ticket.slice(0, -1),
      ticket.slice(0, middle) + other + ticket.slice(middle + 1),
      ticket.toUpperCase(),
    ]) {
      const reply = await raw(origin, [['cookie', `id=${forged}`]])
      expect(reply, forged).toMatchObject({ status: 200, json: {}, cookies: [] })
    }
  })

  cell.it(
    'a ticket whose signature is not ours is nobody, and the store is not asked',
    async () => {
      const secrets = [crypto.randomUUID() + crypto.randomUUID()]
      const { origin, ticket } = await somebody({ transport: cookie({ secrets }) })
      const dot = ticket.lastIndexOf('.')
      const [id, mac] = [ticket.slice(0, dot), ticket.slice(dot + 1)]
      const others = pairOf(await raw(`${origin}/?user=eve`)).slice('id='.length)
      cell.watched.calls.length = 0
      for (const forged of [
        id,
        `${id}.`,
        `${id}.${'A'.repeat(43)}`,
        `${id}.${others.slice(others.lastIndexOf('.') + 1)}`,
        `${id}.${mac.slice(0, -1)}`,
        `${ticket}A`,
        `x${ticket}`,
      ]) {
        const reply = await raw(origin, [['cookie', `id=${forged}`]])
        expect(reply, forged).toMatchObject({ status: 200, json: {}, cookies: [] })
      }
      expect(cell.watched.calls).toEqual([])
      const good = await raw(origin, [['cookie', `id=${ticket}`]])
      expect(good.json).toEqual({ user: 'ada' })
    },
  )

  cell.it('more than 150 hostile Cookie lines: nobody, and the store is not asked', async () => {
    const { origin, ticket } = await somebody()
    const lines = hostileCookies(ticket).map(onTheWire).filter(canTravel)
    expect(new Set(lines).size).toBeGreaterThan(150)
    expect(await notAnonymous(origin, lines)).toEqual([])
    expect(cell.watched.calls).toEqual([])
  })

  cell.it('any byte from 0x80 before, in or after name and value: nobody', async () => {
    const { origin, pair, ticket } = await somebody()
    const bytes = Array.from({ length: 128 }, (_, at) => String.fromCharCode(0x80 + at))
    const lines = [
      (byte: string) => `${byte}${pair}`,
      (byte: string) => `${byte} ${pair}`,
      (byte: string) => `id${byte}=${ticket}`,
      (byte: string) => `id=${byte}${ticket}`,
      (byte: string) => `${pair}${byte}`,
    ].flatMap((form) =>
      Array.from({ length: 8 }, (_, at) =>
        bytes
          .slice(16 * at, 16 * at + 16)
          .map(form)
          .join('; '),
      ),
    )
    expect(await notAnonymous(origin, lines)).toEqual([])
    expect(cell.watched.calls).toEqual([])
  })

  cell.it('500 cookies of other names hide nobody’s own', async () => {
    const { origin, pair } = await somebody()
    const others = Array.from({ length: 500 }, (_, at) => `id${at}=${at}`)
    const sent = [...others.slice(250), pair, ...others.slice(0, 250)].join('; ')
    expect(await raw(origin, [['cookie', sent]])).toMatchObject({ json: { user: 'ada' } })
  })

  cell.it(
    '500 cookies of our name are nobody, and the store is asked eight times at most',
    async () => {
      const { origin } = await somebody()
      const junk = Array.from({ length: 500 }, (_, at) => `id=junk${at}`)
      const reply = await raw(origin, [['cookie', junk.join('; ')]])
      expect(reply).toMatchObject({ status: 200, json: {}, cookies: [] })
      expect(cell.watched.calls).toEqual([])
      const ids = Array.from({ length: 500 }, () => `id=${createId()}`)
      const answer = await raw(origin, [['cookie', ids.join('; ')]])
      expect(answer).toMatchObject({ status: 200, json: {}, cookies: [] })
      expect(cell.watched.calls.length).toBeLessThanOrEqual(8)
    },
  )

  for (const [what, around] of [
    ['junk before it', (pair: string) => `id=junk; ${pair}`],
    ['junk after it', (pair: string) => `${pair}; id=junk`],
    ['junk on both sides', (pair: string) => `id=%zz; id=; ${pair}; id="; id`],
    ['an unknown id before it', (pair: string) => `id=${'b'.repeat(32)}; ${pair}`],
    ['itself before it', (pair: string) => `${pair}; ${pair}`],
    ['blanks and tabs around it', (pair: string) => ` \t a=b ;\t ${pair.replace('=', ' = ')} \t;`],
  ] as const) {
    cell.it(`a good ticket is found with ${what}`, async () => {
      const { origin, pair } = await somebody()
      const reply = await raw(origin, [['cookie', around(pair)]])
      expect(reply).toMatchObject({ status: 200, json: { user: 'ada' }, cookies: [] })
    })
  }

  cell.it('of two good tickets the first counts', async () => {
    const { origin, pair } = await somebody()
    const other = pairOf(await raw(`${origin}/?user=eve`))
    const reply = await raw(origin, [['cookie', `${other}; ${pair}`]])
    expect(reply.json).toEqual({ user: 'eve' })
  })

  cell.it('a second Cookie header counts as the first does', async () => {
    const { origin, pair } = await somebody()
    for (const lines of [
      ['theme=dark', pair],
      [pair, 'theme=dark'],
      ['id=junk', pair],
    ]) {
      expect((await raw(origin, [['cookie', lines]])).json).toEqual({ user: 'ada' })
    }
  })
}

/** As a client would send it: one character a byte, UTF-8 for what does not fit. */
function onTheWire(line: string): string {
  const fits = [...line].every((character) => character <= '\u00ff')
  return fits ? line : Buffer.from(line).toString('latin1')
}

/** Node refuses control bytes in a header before anybody sees them. */
function canTravel(line: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(line)
}

/** Sends Cookie lines to an app that answers the session's data; @returns those whose answer was not a stranger's. */
async function notAnonymous(origin: string, lines: readonly string[]): Promise<string[]> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  await once(socket, 'connect')
  const answered = text(socket)
  for (const [at, line] of lines.entries()) {
    const end = at === lines.length - 1 ? 'close' : 'keep-alive'
    const head = `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: ${end}\r\n`
    socket.write(`${head}Cookie: ${line}\r\n\r\n`, 'latin1')
  }
  const answers = (await answered).split('HTTP/1.1 ').slice(1)
  return lines.filter((_, at) => {
    const answer = answers[at] ?? ''
    return !answer.startsWith('200 ') || /^set-cookie:/im.test(answer) || !answer.includes('{}')
  })
}
