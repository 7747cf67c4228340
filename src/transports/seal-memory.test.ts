import fc from 'fast-check'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createId } from '../core/id.ts'
import type { SealedRecord, SessionData } from '../core/store.ts'
import { sealedCookie } from './seal.ts'

const SECRET = 'lQ2mVw8rTz5yXc1nBk7jHd4gFs9aPe6u'
const OTHER = 'hG3kPw9sLz6xVb2nMq8jRd5fTy1aCe7o'
const MAX_REMEMBERED = 1000

const newSealer = (...secrets: string[]) => sealedCookie({ secrets: [...secrets, SECRET] })

function aRecord(data: SessionData = { user: 'ada', cart: [{ qty: 1 }] }): SealedRecord {
  return { id: createId(), data, createdAt: 1000, expiresAt: 9000, revision: 3 }
}

/** Tickets that only `maker` has seen. */
async function ticketsOf(maker: ReturnType<typeof newSealer>, count: number): Promise<string[]> {
  const tickets: string[] = []
  for (let n = 0; n < count; n++) tickets.push(await maker.seal(aRecord({ n }), 'id'))
  return tickets
}

const decrypt = vi.spyOn(crypto.subtle, 'decrypt')
afterAll(() => decrypt.mockRestore())

/** How many tickets were decrypted while something was done. */
async function decrypted(work: () => Promise<unknown>): Promise<number> {
  const before = decrypt.mock.calls.length
  await work()
  return decrypt.mock.calls.length - before
}

describe('a ticket that was seen before', () => {
  it('is not decrypted again, neither who opened it nor who made it has to', async () => {
    const [maker, sealer] = [newSealer(), newSealer()]
    const record = aRecord()
    const ticket = await maker.seal(record, 'id')
    for (const [opener, times] of [
      [sealer, 1],
      [sealer, 0],
      [maker, 0],
    ] as const) {
      const open = async () => expect(await opener.unseal(ticket, 'id')).toEqual(record)
      expect(await decrypted(open)).toBe(times)
    }
  })

  it('opens for no other purpose, and for no one with other secrets', async () => {
    const sealer = newSealer()
    const ticket = await sealer.seal(aRecord(), 'id')
    expect(await sealer.unseal(ticket, 'id')).not.toBeNull()
    for (const purpose of ['', 'ID', 'id2', '__Host-id', '__proto__']) {
      expect(await sealer.unseal(ticket, purpose)).toBeNull()
    }
    expect(await sealedCookie({ secrets: [OTHER] }).unseal(ticket, 'id')).toBeNull()
    expect(await newSealer(OTHER).unseal(ticket, 'id')).not.toBeNull()
  })

  it('lends its tag to no other', async () => {
    const sealer = newSealer()
    const [one, two] = (await ticketsOf(sealer, 2)) as [string, string]
    for (let at = 0; at < one.length - 22; at++) {
      const forged = one.slice(0, at) + (one[at] === 'x' ? 'y' : 'x') + one.slice(at + 1)
      expect(await sealer.unseal(forged, 'id')).toBeNull()
    }
    expect(await sealer.unseal(two.slice(0, -22) + one.slice(-22), 'id')).toBeNull()
    expect(await sealer.unseal(one.slice(-22), 'id')).toBeNull()
    expect(await sealer.unseal(one, 'id')).not.toBeNull()
  })

  it('holds what nobody can change', async () => {
    const [maker, sealer] = [newSealer(), newSealer()]
    const record = { ...aRecord(), flash: { notice: ['Saved'] } }
    const ticket = await maker.seal(record, 'id')
    const sealed = structuredClone(record)
    record.data['user'] = 'eve'
    const first = (await sealer.unseal(ticket, 'id')) as SealedRecord
    first.data['user'] = 'eve'
    for (const opener of [maker, sealer]) {
      const seen = (await opener.unseal(ticket, 'id')) as typeof record
      expect(seen).toEqual(sealed)
      const cart = seen.data['cart'] as [object]
      for (const part of [seen, seen.data, cart, cart[0], seen.flash, seen.flash.notice]) {
        expect(Object.isFrozen(part)).toBe(true)
      }
    }
  })

  it('holds what one who never saw it would find, to the order of members', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('__proto__', 'toJSON', '2', '10', '-1', '\ud800', '\u2028', '"'),
    )
    const leaf = fc.oneof(
      text,
      fc.double(),
      fc.constantFrom(null, undefined, true, -0, 1e21, 5e-324),
    )
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }).map(Object.fromEntries),
      ),
    }))
    const members = fc.array(fc.tuple(text, value), { maxLength: 4 }).map(Object.fromEntries)
    const time = fc.oneof(fc.double(), fc.constantFrom(0, -0, Infinity))
    const whole = fc.record(
      { data: members, flash: members, idle: time, lifetime: time, retired: fc.constant(true) },
      { requiredKeys: ['data'] },
    )
    const [maker, stranger] = [newSealer(), newSealer()]
    await fc.assert(
      fc.asyncProperty(whole, time, time, async (parts, createdAt, expiresAt) => {
        const record = { id: createId(), createdAt, expiresAt, revision: 1, ...parts }
        const ticket = await maker.seal(record, 'id')
        const opened = await stranger.unseal(ticket, 'id')
        for (const sealer of [maker, maker, stranger]) {
          const remembered = await sealer.unseal(ticket, 'id')
          expect(remembered).toStrictEqual(opened)
          expect(inOrder(remembered)).toEqual(inOrder(opened))
        }
      }),
      { numRuns: 200 },
    )
  })
})

/** Every member with its name, in order. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value).map(([key, member]) => [key, inOrder(member)])
}

describe('the memory of a sealer', () => {
  it('holds a thousand tickets, and lets go of the one that was not used for longest', async () => {
    const sealer = newSealer()
    const tickets = await ticketsOf(newSealer(), MAX_REMEMBERED + 1)
    const open = (at: number) =>
      decrypted(async () => sealer.unseal(tickets.at(at) as string, 'id'))
    for (let n = 0; n < MAX_REMEMBERED; n++) expect(await open(n)).toBe(1)
    expect(await open(0)).toBe(0)
    expect(await open(-1)).toBe(1)
    expect(await open(0)).toBe(0)
    expect(await open(2)).toBe(0)
    expect(await open(1)).toBe(1)
  })

  it('counts what is sealed', async () => {
    const sealer = newSealer()
    const [first, second] = (await ticketsOf(sealer, MAX_REMEMBERED + 1)) as [string, string]
    expect(await decrypted(() => sealer.unseal(second, 'id'))).toBe(0)
    expect(await decrypted(() => sealer.unseal(first, 'id'))).toBe(1)
  })

  it('has no room for forged tickets', async () => {
    const sealer = newSealer()
    const ticket = await newSealer().seal(aRecord(), 'id')
    await sealer.unseal(ticket, 'id')
    const forged = await ticketsOf(sealedCookie({ secrets: [OTHER] }), MAX_REMEMBERED)
    for (const text of forged) expect(await sealer.unseal(text, 'id')).toBeNull()
    for (const text of forged) expect(await sealer.unseal(text.slice(0, -1), 'id')).toBeNull()
    expect(await decrypted(() => sealer.unseal(ticket, 'id'))).toBe(0)
  })
})
