import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RejectReason } from '../core/events.ts'
import { expressSessionCookie } from './express-session-cookie.ts'

const SECRET = 'keyboard cat'
const ID = 'Jq1Xv-Z_4mR8pT2wB7nL0sHc5yJd9gEa'

/** As cookie-signature does it. */
function signed(id: string, secret = SECRET): string {
  const mac = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')
  return `s:${id}.${mac}`
}

async function idsIn(
  header: string | null,
  secrets: readonly string[] = [SECRET],
): Promise<{ ids: readonly string[]; rejected: RejectReason[] }> {
  const rejected: RejectReason[] = []
  const receive = expressSessionCookie('connect.sid', secrets)
  const ids = await receive({ headers: { get: () => header } }, (reason) => rejected.push(reason))
  return { ids, rejected }
}

function header(value: string): string {
  return `a=1; connect.sid=${encodeURIComponent(value)}; b=2`
}

describe('the cookie of express-session', () => {
  it('gives the id that it was signed for', async () => {
    expect(await idsIn(header(signed(ID)))).toEqual({ ids: [ID], rejected: [] })
    expect(await idsIn(`connect.sid=${signed(ID)}`)).toEqual({ ids: [ID], rejected: [] })
  })

  it('gives any id that was signed, also one with dots', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, unit: 'binary' }),
        fc.string({ minLength: 1 }),
        async (id, secret) => {
          fc.pre(!/[\n\r\u2028\u2029\p{Surrogate}]/u.test(id))
          expect((await idsIn(header(signed(id, secret)), [secret])).ids).toEqual([id])
        },
      ),
      { numRuns: 200 },
    )
  })

  it('may be signed by any secret of the list', async () => {
    const secrets = ['new', 'older', SECRET]
    expect((await idsIn(header(signed(ID)), secrets)).ids).toEqual([ID])
    expect((await idsIn(header(signed(ID)), ['new', 'older'])).ids).toEqual([])
  })

  it('is nobody’s when any character is another one', async () => {
    const good = signed(ID)
    for (let at = 0; at < good.length; at++) {
      for (const other of ['A', 'B', '%', '.', '=']) {
        if (other === good[at]) continue
        const value = good.slice(0, at) + other + good.slice(at + 1)
        expect((await idsIn(header(value))).ids, value).toEqual([])
      }
    }
  })

  it('has one text form', async () => {
    const good = signed(ID)
    for (const value of [`${good}=`, `${good} `, ` ${good}`, good.slice(2), `j:${good.slice(2)}`]) {
      expect(await idsIn(header(value)), value).toEqual({ ids: [], rejected: ['forged'] })
    }
    // the last of the 43 characters has two stray bits
    const last = good.slice(-1)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    const same = alphabet[alphabet.indexOf(last) + 1] as string
    expect((await idsIn(header(good.slice(0, -1) + same))).ids).toEqual([])
  })

  it('is looked for eight times, each of them once', async () => {
    const good = header(signed(ID))
    expect((await idsIn(`${good}; ${good}`)).ids).toEqual([ID])
    expect((await idsIn(`${'connect.sid=x; '.repeat(7)}${good}`)).ids).toEqual([ID])
    expect((await idsIn(`${'connect.sid=x; '.repeat(8)}${good}`)).ids).toEqual([])
  })

  it('is not there without a header, under another name, or with half an escape', async () => {
    expect(await idsIn(null)).toEqual({ ids: [], rejected: [] })
    expect((await idsIn(`other=${signed(ID)}`)).ids).toEqual([])
    expect(await idsIn(`connect.sid=${signed(ID)}%E0`)).toEqual({ ids: [], rejected: ['forged'] })
  })

  it.each([[[]], [['']], [['a', '']], [[undefined as unknown as string]]])(
    'is not read with the secrets %j',
    (secrets) => {
      expect(() => expressSessionCookie('connect.sid', secrets)).toThrow(
        expect.objectContaining({ code: 'CONFIG' }),
      )
    },
  )
})
