import assert from 'node:assert/strict'
import { createId } from '../../core/id.ts'
import type { Store } from '../../core/store.ts'
import { capabilityChecks, type Capability } from './capability-checks.ts'
import { recordChecks } from './record-checks.ts'
import type { Test } from './records.ts'
import { storeChecks, type Check } from './store-checks.ts'

/** One store for one test. */
export interface StoreFixture {
  /** Empty, and nobody else's. */
  readonly store: Store
  /** Takes away what the store leaves behind. */
  readonly cleanup?: () => unknown
  /** Makes ids of the store's own grammar. Default: `createId`. */
  readonly createId?: () => string
}

/** What the suite needs. */
export interface StoreSuiteOptions {
  readonly test: Test
  /** Called once for each test. */
  readonly create: () => StoreFixture | Promise<StoreFixture>
  /** The optional methods that the store must have; it may have no other. Default: those that it has. */
  readonly capabilities?: readonly Capability[]
  /** How long a change may take to be seen by a watch, in ms. Default 5,000. */
  readonly patience?: number
}

const CAPABILITIES = Object.keys(capabilityChecks) as Capability[]

/**
 * Registers the tests that every store must pass, for a store of yours as for the ones that come with Vitrine.
 *
 * ```ts
 * import { test } from 'node:test'
 * import { storeSuite } from 'vitrine/testing'
 *
 * storeSuite({ test, create: () => ({ store: myStore() }) })
 * ```
 */
export function storeSuite(options: StoreSuiteOptions): void {
  const { test, create, capabilities, patience = 5_000 } = options
  const register = ([name, run]: Check) =>
    test(name, async () => {
      const { store, cleanup, createId: newId = createId } = await create()
      try {
        await store.init?.(() => undefined)
        await run({ store, newId, patience })
      } finally {
        await store.close?.()
        await cleanup?.()
      }
    })

  storeChecks.forEach(register)
  recordChecks.forEach(register)
  for (const capability of capabilities ?? CAPABILITIES) {
    capabilityChecks[capability].forEach(register)
  }
  if (capabilities) {
    register([
      'the optional methods are those that were named',
      async ({ store }) => {
        const present = CAPABILITIES.filter((capability) => store[capability] !== undefined)
        assert.deepEqual(present.sort(), [...capabilities].sort())
      },
    ])
  }
}
