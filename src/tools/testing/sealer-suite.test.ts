import { describe, expect, it, test } from 'vitest'
import type { SealedRecord, Sealer } from '../../core/store.ts'
import { sealedCookie } from '../../transports/seal.ts'
import { sealerSuite } from './sealer-suite.ts'

const secrets = ['lQ2mVw8rTz5yXc1nBk7jHd4gFs9aPe6u']
const good = sealedCookie({ secrets })

describe('the sealed cookie passes', () => {
  sealerSuite({ test, create: () => ({ sealer: sealedCookie({ secrets }) }) })
})

describe('the suite itself', () => {
  it('cleans up after each test, also after one that fails', async () => {
    let open = 0
    const create = () => {
      open++
      return { sealer: naked, cleanup: () => open-- }
    }
    expect(await failures(create)).not.toEqual([])
    expect(open).toBe(0)
  })

  it.each<[what: string, sealer: Sealer, name: string]>([
    ['seals nothing', naked, 'a ticket shows nothing of what it carries'],
    ['takes what anybody made', naked, 'what is no ticket is answered with nothing'],
    [
      'opens for any purpose',
      {
        seal: (record) => good.seal(record, 'any'),
        unseal: (ticket) => good.unseal(ticket, 'any'),
      },
      'a ticket opens for its purpose only',
    ],
    [
      'throws on a forged ticket',
      {
        ...good,
        unseal: async (ticket, purpose) => {
          const record = await good.unseal(ticket, purpose)
          if (!record) throw new Error('forged')
          return record
        },
      },
      'what is no ticket is answered with nothing',
    ],
    [
      'overlooks what is added',
      { ...good, unseal: (ticket, purpose) => good.unseal(text(ticket).trim(), purpose) },
      'a ticket with something added or missing does not open',
    ],
    [
      'overlooks the case of a header',
      {
        ...good,
        unseal: (ticket, purpose) => good.unseal(`e${text(ticket).replace(/^[eE]/, '')}`, purpose),
      },
      'a ticket with one bit changed does not open',
    ],
    [
      'seals the same record to the same ticket',
      remembering(),
      'two tickets of one record have nothing to tell each other',
    ],
    [
      'writes Infinity as JSON does',
      { ...good, seal: (record, purpose) => good.seal(asJson(record), purpose) },
      'what was sealed is unsealed: a session that never ends',
    ],
    [
      'judges expiry itself',
      {
        ...good,
        unseal: async (ticket, purpose) => {
          const record = await good.unseal(ticket, purpose)
          return record && record.expiresAt > Date.now() ? record : null
        },
      },
      'what was sealed is unsealed: a session that has expired, which is for the engine to judge',
    ],
    [
      'cuts what is too long',
      { ...good, seal: (record, purpose) => good.seal(record, purpose).catch(() => 'too long') },
      'what does not fit into a cookie is refused, with the name of what is big',
    ],
  ])('finds a sealer that %s', async (_, sealer, name) => {
    expect(await failures(() => ({ sealer }), name)).toEqual([name])
  })
})

/** A sealer that only writes a record in another alphabet. */
const naked: Sealer = {
  seal: async (record) => Buffer.from(JSON.stringify(record)).toString('base64url'),
  unseal: async (ticket) => {
    try {
      return JSON.parse(Buffer.from(ticket, 'base64').toString()) as SealedRecord
    } catch {
      return null
    }
  },
}

function remembering(): Sealer {
  const tickets = new Map<string, Promise<string>>()
  return {
    ...good,
    seal: (record, purpose) => {
      const ticket = tickets.get(record.id) ?? good.seal(record, purpose)
      tickets.set(record.id, ticket)
      return ticket
    },
  }
}

function asJson(record: SealedRecord): SealedRecord {
  return JSON.parse(JSON.stringify(record)) as SealedRecord
}

/** The suite hands over what is no text as well. */
function text(ticket: unknown): string {
  return String(ticket)
}

/** Runs the suite by itself, or one test of it, and tells which tests fail. */
async function failures(
  create: () => { sealer: Sealer; cleanup?: () => unknown },
  only?: string,
): Promise<string[]> {
  const tests: [name: string, run: () => Promise<void>][] = []
  sealerSuite({ create, test: (name, run) => tests.push([name, run]) })
  const failed: string[] = []
  for (const [name, run] of tests) {
    if (only === undefined || name === only) await run().catch(() => failed.push(name))
  }
  return failed
}
