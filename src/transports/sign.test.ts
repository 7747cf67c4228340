import { hkdfSync, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createId } from '../core/id.ts'
import { signer } from './sign.ts'

const OLD = 'hG3kPw9sLz6xVb2nMq8jRd5fTy1aCe7o'
const NEW = 'lQ2mVw8rTz5yXc1nBk7jHd4gFs9aPe6u'
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('a signed ticket', () => {
  const { sign, verify } = signer([NEW])

  it('is the id, a dot and its MAC, and verifies', async () => {
    const id = createId()
    const ticket = await sign(id, 'id')
    expect(ticket).toMatch(/^[a-z2-7]{32}\.[\w-]{43}$/)
    expect(ticket.startsWith(`${id}.`)).toBe(true)
    expect(await verify(ticket, 'id')).toBe(id)
  })

  it('is HMAC-SHA256 under an HKDF-SHA256 key, as another implementation makes it', async () => {
    const key = hkdfSync('sha256', NEW, '', 'vitrine signed ticket id', 32)
    const mac = createHmac('sha256', Buffer.from(key)).update('anid').digest('base64url')
    expect(await sign('anid', 'id')).toBe(`anid.${mac}`)
  })

  it('carries a sealed ticket, which has dots of its own', async () => {
    expect(await verify(await sign('a.b..c.d', 'id'), 'id')).toBe('a.b..c.d')
  })

  it('does not verify under another name', async () => {
    const ticket = await sign(createId(), 'id')
    for (const name of ['', 'ID', 'id ', 'id2', '__Host-id']) {
      expect(await verify(ticket, name)).toBeNull()
    }
  })

  it('that verified before does so at once, and under no other name', async () => {
    const { sign: signIt, verify: ask } = signer([NEW])
    const [id, other] = [createId(), createId()]
    const ticket = await signIt(id, 'id')
    expect(ask(ticket, 'id')).toBeInstanceOf(Promise)
    expect(await ask(ticket, 'id')).toBe(id)
    expect(ask(ticket, 'id')).toBe(id)
    expect(await ask(ticket, 'id2')).toBeNull()
    expect(await ask(`${other}${ticket.slice(other.length)}`, 'id')).toBeNull()
    expect(await ask(ticket.slice(0, -1), 'id')).toBeNull()
  })

  it('is remembered among ten thousand, no more', async () => {
    const { sign: signIt, verify: ask } = signer([NEW])
    const tickets: string[] = []
    for (let n = 0; n <= 10_000; n++) tickets.push(await signIt(`id-${n}`, 'id'))
    for (const ticket of tickets) await ask(ticket, 'id')
    expect(ask(tickets.at(-1) as string, 'id')).toBe('id-10000')
    expect(ask(tickets[1] as string, 'id')).toBe('id-1')
    expect(ask(tickets[0] as string, 'id')).toBeInstanceOf(Promise)
  })

  it('does not verify with a secret that is not known', async () => {
    expect(await verify(await signer([OLD]).sign(createId(), 'id'), 'id')).toBeNull()
  })

  it('verifies with every secret and is signed with the newest', async () => {
    const [id, both] = [createId(), signer([NEW, OLD])]
    expect(await both.verify(await signer([OLD]).sign(id, 'id'), 'id')).toBe(id)
    expect(await verify(await both.sign(id, 'id'), 'id')).toBe(id)
  })

  it('does not verify without its MAC', async () => {
    const id = createId()
    const mac = (await sign(id, 'id')).slice(id.length + 1)
    for (const ticket of ['', '.', id, `${id}.`, `.${mac}`, mac, `${id}${mac}`, `${id}.${id}`]) {
      expect(await verify(ticket, 'id')).toBeNull()
    }
  })

  it('has one text form only: no other base64 tails, nothing added', async () => {
    const ticket = await sign(createId(), 'id')
    const last = ticket.at(-1) as string
    for (const char of BASE64URL) {
      if (char === last) continue
      expect(await verify(ticket.slice(0, -1) + char, 'id')).toBeNull()
    }
    for (const more of ['x', 'A', '=', ' ', '\n', '\u0000', '%00', '.', '\u00a0']) {
      expect(await verify(ticket + more, 'id')).toBeNull()
      expect(await verify(more + ticket, 'id')).toBeNull()
    }
    expect(await verify(ticket.replaceAll('_', '/').replaceAll('-', '+') + '=', 'id')).toBeNull()
  })

  it('does not take one broken character for another', async () => {
    const ticket = await sign('\ufffd', 'id')
    expect(await verify(ticket, 'id')).toBeNull()
    expect(await verify(ticket.replace('\ufffd', '\ud800'), 'id')).toBeNull()
  })

  it('does not verify with any bit of it changed', async () => {
    for (let round = 0; round < 20; round++) {
      const ticket = await sign(createId(), 'id')
      const forged = [...ticket].map((char, at) => {
        const bit = 1 << ((at + round) % 7) // over 20 tickets every bit has its turn
        return (
          ticket.slice(0, at) + String.fromCharCode(char.charCodeAt(0) ^ bit) + ticket.slice(at + 1)
        )
      })
      const answers = await Promise.all(forged.map(async (text) => verify(text, 'id')))
      expect(answers.every((answer) => answer === null)).toBe(true)
    }
  })

  it('never throws for what a client may send', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (ticket) => {
        expect(await verify(ticket, 'id')).toBeNull()
        expect(await verify(`${ticket}.${'A'.repeat(43)}`, 'id')).toBeNull()
      }),
    )
  })
})
