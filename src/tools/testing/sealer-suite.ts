import assert from 'node:assert/strict'
import { createId } from '../../core/id.ts'
import type { SealedRecord, Sealer, SessionData, SessionRecord } from '../../core/store.ts'
import { aRecord, hostileIds, TRYING_DATA, type Test } from './records.ts'

/** One sealer for one test. */
export interface SealerFixture {
  readonly sealer: Sealer
  /** Takes away what the sealer leaves behind. */
  readonly cleanup?: () => unknown
}

/** What the suite needs. */
export interface SealerSuiteOptions {
  readonly test: Test
  /** Called once for each test. */
  readonly create: () => SealerFixture | Promise<SealerFixture>
}

type SealerCheck = readonly [name: string, run: (sealer: Sealer) => Promise<void>]

const PURPOSE = 'id'

/** What a cookie value can carry as it is. */
const TICKET = /^[\w.~-]+$/

const checks: readonly SealerCheck[] = [
  ...Object.entries(TRYING_DATA).map(([what, data]): SealerCheck => [
    `what was sealed is unsealed: ${what}`,
    (sealer) => roundTrip(sealer, { data }),
  ]),
  [
    'what was sealed is unsealed: every member of the record',
    async (sealer) => {
      const flash = JSON.parse('{"notice":["Saved"],"__proto__":{"x":1}}') as SessionData
      await roundTrip(sealer, { flash, idle: 60_001, lifetime: 3_600_007, revision: 987_654 })
      await roundTrip(sealer, { data: {}, retired: true })
    },
  ],
  [
    'what was sealed is unsealed: a session that never ends',
    (sealer) => roundTrip(sealer, { expiresAt: Infinity, idle: Infinity, lifetime: Infinity }),
  ],
  [
    'what was sealed is unsealed: a session that has expired, which is for the engine to judge',
    (sealer) => roundTrip(sealer, { createdAt: 1000, expiresAt: 2000 }),
  ],
  [
    'a ticket opens for its purpose only',
    async (sealer) => {
      const ticket = await sealer.seal(sealed(), PURPOSE)
      for (const purpose of ['', 'ID', 'id2', ' id', '__Host-id', '__proto__']) {
        assert.equal(await sealer.unseal(ticket, purpose), null)
      }
    },
  ],
  [
    'two tickets of one record have nothing to tell each other',
    async (sealer) => {
      const record = sealed()
      const [one, two] = [await sealer.seal(record, PURPOSE), await sealer.seal(record, PURPOSE)]
      assert.notEqual(one, two)
    },
  ],
  [
    'a ticket shows nothing of what it carries',
    async (sealer) => {
      const record = sealed({ data: { user: 'ada-lovelace' } })
      const ticket = await sealer.seal(record, PURPOSE)
      assert.match(ticket, TICKET)
      const decoded = ticket
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
      for (const text of [ticket, ...decoded]) {
        assert.ok(!text.includes('ada-lovelace') && !text.includes(record.id))
      }
    },
  ],
  [
    'a ticket with one bit changed does not open',
    async (sealer) => {
      const ticket = await sealer.seal(sealed(), PURPOSE)
      for (let at = 0; at < ticket.length; at++) {
        for (const bit of [1, 2, 4, 8, 16, 32]) {
          const char = String.fromCharCode(ticket.charCodeAt(at) ^ bit)
          const forged = ticket.slice(0, at) + char + ticket.slice(at + 1)
          assert.equal(await sealer.unseal(forged, PURPOSE), null)
        }
      }
    },
  ],
  [
    'a ticket with something added or missing does not open',
    async (sealer) => {
      const ticket = await sealer.seal(sealed(), PURPOSE)
      for (const more of [
        'x',
        'A',
        '=',
        '==',
        '.',
        '..',
        ' ',
        '\n',
        '\u0000',
        '%00',
        '~',
        ticket,
      ]) {
        assert.equal(await sealer.unseal(ticket + more, PURPOSE), null)
        assert.equal(await sealer.unseal(more + ticket, PURPOSE), null)
      }
      for (let length = 0; length < ticket.length; length++) {
        assert.equal(await sealer.unseal(ticket.slice(0, length), PURPOSE), null)
      }
    },
  ],
  [
    'what is no ticket is answered with nothing',
    async (sealer) => {
      const foreign = [
        '{"id":"x","data":{},"createdAt":1,"expiresAt":9e15,"revision":1}',
        Buffer.from('{"user":"admin"}').toString('base64'),
        'eyJhbGciOiJub25lIn0.eyJ1c2VyIjoiYWRtaW4ifQ.',
        's:id.c2lnbmF0dXJl',
        'Fe26.2**a*b*c**d*e',
        '....',
        'a'.repeat(100_000),
      ]
      for (const ticket of [...foreign, ...hostileIds()] as string[]) {
        assert.equal(await sealer.unseal(ticket, PURPOSE), null)
      }
    },
  ],
  [
    'what does not fit into a cookie is refused, with the name of what is big',
    async (sealer) => {
      const data = { small: 1, cart: 'private '.repeat(700) }
      await assert.rejects(sealer.seal(sealed({ data }), PURPOSE), (error: unknown) => {
        const { code, message } = error as { code?: unknown; message: string }
        assert.equal(code, 'TOO_LARGE')
        assert.match(message, /cart/)
        assert.doesNotMatch(message, /private/)
        return true
      })
    },
  ],
]

/** Registers the tests that every sealer must pass. */
export function sealerSuite({ test, create }: SealerSuiteOptions): void {
  for (const [name, run] of checks) {
    test(name, async () => {
      const { sealer, cleanup } = await create()
      try {
        await run(sealer)
      } finally {
        await cleanup?.()
      }
    })
  }
}

function sealed(change: Partial<SessionRecord> = {}): SealedRecord {
  return { ...aRecord(change), id: createId() }
}

async function roundTrip(sealer: Sealer, change: Partial<SessionRecord>): Promise<void> {
  const record = sealed(change)
  const ticket = await sealer.seal(record, PURPOSE)
  assert.deepEqual(await sealer.unseal(ticket, PURPOSE), record)
}
