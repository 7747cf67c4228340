import { describe, expect, it } from 'vitest'
import { createId, sealedCookie, type SealedRecord } from '../../src/index.ts'
import { signer } from '../../src/transports/sign.ts'
import { accepted, all, edits, flips } from './edits.ts'

const SECRET = 'hG3kPw9sLz6xVb2nMq8jRd5fTy1aCe7o'

const sealer = sealedCookie({ secrets: [SECRET] })
const signs = signer([SECRET])

function aRecord(n = 0): SealedRecord {
  const data = { user: `user ${n}`, text: 'x'.repeat((n * 7) % 90) }
  return { id: createId(), data, createdAt: 1000 + n, expiresAt: 9_000_000_000_000, revision: n }
}

const times = async <T>(count: number, make: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)))

describe('a sealed ticket', () => {
  it('is refused with any one bit of it turned', { timeout: 120_000 }, async () => {
    const tickets = await times(100, (n) => sealer.seal(aRecord(n), 'id'))
    const { tried, opened } = await accepted(all(tickets, flips), (ticket) =>
      sealer.unseal(ticket, 'id'),
    )
    expect(opened).toEqual([])
    expect(tried).toBeGreaterThan(200_000)
    expect(
      (await Promise.all(tickets.map((ticket) => sealer.unseal(ticket, 'id')))).includes(null),
    ).toBe(false)
  })

  it(
    'is refused with anything added, removed or written another way',
    { timeout: 120_000 },
    async () => {
      const tickets = await times(20, (n) => sealer.seal(aRecord(n), 'id'))
      const { tried, opened } = await accepted(all(tickets, edits), (ticket) =>
        sealer.unseal(ticket, 'id'),
      )
      expect(opened).toEqual([])
      expect(tried).toBeGreaterThan(20_000)
    },
  )

  it('has its nonce for itself, a hundred thousand times', { timeout: 120_000 }, async () => {
    const nonces = new Set<string>()
    const record = aRecord()
    for (let round = 0; round < 200; round++) {
      for (const ticket of await times(500, () => sealer.seal(record, 'id'))) {
        nonces.add(ticket.split('.')[2] as string)
      }
    }
    expect(nonces.size).toBe(100_000)
    expect([...nonces].every((nonce) => nonce.length === 16)).toBe(true)
  })
})

describe('a signed ticket', () => {
  it(
    'is refused with any one bit of it turned, or anything added, removed or written another way',
    {
      timeout: 120_000,
    },
    async () => {
      const tickets = await times(260, () => signs.sign(createId(), 'id'))
      const flipped = await accepted(all(tickets, flips), async (ticket) =>
        signs.verify(ticket, 'id'),
      )
      expect(flipped.opened).toEqual([])
      const edited = await accepted(all(tickets.slice(0, 60), edits), async (ticket) =>
        signs.verify(ticket, 'id'),
      )
      expect(edited.opened).toEqual([])
      expect(flipped.tried + edited.tried).toBeGreaterThan(180_000)
      expect(
        (await Promise.all(tickets.map(async (ticket) => signs.verify(ticket, 'id')))).includes(
          null,
        ),
      ).toBe(false)
    },
  )
})
