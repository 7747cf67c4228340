import { yamlStore } from '../../src/stores/file/yaml-store.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import type { Sealer, Store } from '../../src/core/store.ts'
import { sealedCookie } from '../../src/transports/seal.ts'
import { watchedStore, type Watched } from './kit.ts'

/** What a behaviour needs. Who has no way to it says so under `cannot`, with the reason. */
export type Need =
  | 'early hints'
  | 'errors told'
  | 'a proxy to trust'
  | 'records'
  | 'a merge'
  | 'an end for all copies'

/** Why some behaviours are not to be had. */
export type Cannot = Readonly<Partial<Record<Need, string>>>

/** One way to keep sessions. */
export interface Engine {
  readonly name: string
  /** What it has no way to do, and why. */
  readonly cannot: Cannot
  /** What a ticket looks like. */
  readonly ticket: RegExp
  readonly watch: () => Promise<Watched & { readonly store: Store | Sealer }>
}

const STORE = { cannot: {}, ticket: /^[a-z2-7]{32}$/ } as const

/** Every engine there is. */
export const ENGINES: readonly Engine[] = [
  { name: 'JSON files', ...STORE, watch: () => watchedStore() },
  { name: 'YAML files', ...STORE, watch: () => watchedStore(yamlStore) },
  { name: 'memory', ...STORE, watch: () => watchedStore(() => memoryStore()) },
  {
    name: 'sealed cookies',
    cannot: {
      records: 'the client keeps the record: there is nothing to look up',
      'a merge': 'the client keeps the record: of two answers at once the last one wins',
      'an end for all copies': 'a copy of a ticket stays good until it expires',
    },
    ticket: /^[\w.-]{100,4000}$/,
    watch: async () => watchedSealer(),
  },
]

/** Sealed cookies that can be watched, slowed down and broken: to seal is to write. */
function watchedSealer(): Watched & { readonly store: Sealer } {
  const inner = sealedCookie({ secrets: [crypto.randomUUID() + crypto.randomUUID()] })
  const watched = {
    log: [] as string[],
    calls: [],
    beforeWrite: (): unknown => undefined,
    beforeRead: (): unknown => undefined,
    store: {
      async seal(record, purpose) {
        await watched.beforeWrite()
        const ticket = await inner.seal(record, purpose)
        watched.log.push('stored')
        return ticket
      },
      unseal: (ticket, purpose) => inner.unseal(ticket, purpose),
    } satisfies Sealer,
  }
  return watched
}
