import assert from 'node:assert/strict'
import { VitrineError } from '../../core/errors.ts'
import type { SessionData, SessionRecord, Store } from '../../core/store.ts'
import { aRecord, TRYING_DATA } from './records.ts'
import { created, type Check } from './store-checks.ts'

/** What every store must do with a record: give it back as it was. */
export const recordChecks: readonly Check[] = [
  ...Object.entries(TRYING_DATA).map(([what, data]): Check => [
    `what was written is read: ${what}`,
    ({ store, newId }) => roundTrip(store, newId(), aRecord({ data })),
  ]),
  [
    'what was written is read, or refused with INVALID: a member named id',
    async ({ store, newId }) => {
      try {
        await roundTrip(store, newId(), aRecord({ data: { id: 'mine' } }))
      } catch (error) {
        assert.ok(error instanceof VitrineError && error.code === 'INVALID', error as Error)
      }
    },
  ],
  [
    'what was written is read: every member of the record',
    async ({ store, newId }) => {
      const flash = JSON.parse('{"notice":["Saved"],"__proto__":{"x":1}}') as SessionData
      await roundTrip(store, newId(), aRecord({ flash, idle: 60_001, lifetime: 3_600_007 }))
      await roundTrip(store, newId(), aRecord({ data: {}, retired: true, revision: 987_654 }))
      await roundTrip(store, newId(), aRecord({ expiresAt: aRecord().expiresAt + 0x1_0000_0000 }))
    },
  ],
  [
    'what was written is read: a session that never ends',
    async ({ store, newId }) => {
      await roundTrip(store, newId(), aRecord({ expiresAt: Infinity }))
      await roundTrip(
        store,
        newId(),
        aRecord({ expiresAt: Infinity, idle: Infinity, lifetime: Infinity }),
      )
    },
  ],
  [
    'what was written is read: 100 kB',
    ({ store, newId }) => roundTrip(store, newId(), aRecord({ data: { big: 'ä'.repeat(50_000) } })),
  ],
  [
    'whoever wrote or read a record cannot change what is stored',
    async ({ store, newId }) => {
      const id = newId()
      const fresh = () => aRecord({ data: { user: 'ada', cart: [{ n: 1 }] }, createdAt: 5 })
      const mine = fresh()
      const expected = structuredClone(mine)
      await created(store, id, mine)
      spoil(mine)
      const first = await store.read(id)
      assert.deepEqual(first?.record, expected)
      spoil(first?.record)
      assert.deepEqual((await store.read(id))?.record, expected)
    },
  ],
]

/** Does as a careless caller would. A record that is frozen may refuse it. */
function spoil(record: unknown): void {
  const { data } = record as { data: { user?: unknown; cart: { n: number }[]; new?: unknown } }
  const changes = [
    () => (data.user = 'eve'),
    () => (data.new = 1),
    () => data.cart.push({ n: 2 }),
    () => ((data.cart[0] as { n: number }).n = 9),
    () => ((record as { expiresAt: number }).expiresAt = 1),
    () => ((record as { data: unknown }).data = {}),
  ]
  for (const change of changes) {
    try {
      change()
    } catch (error) {
      assert.ok(error instanceof TypeError)
    }
  }
}

async function roundTrip(store: Store, id: string, record: SessionRecord): Promise<void> {
  const version = await created(store, id, record)
  const stored = await store.read(id)
  assert.deepEqual(stored?.record, record)
  assert.equal(stored?.version, version, 'read and write answer the same version')
}
