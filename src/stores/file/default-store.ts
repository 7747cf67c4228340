import { isId } from '../../core/id.ts'
import { lateStore } from '../../core/late-store.ts'
import type { Store } from '../../core/store.ts'

/**
 * The store of an app that names none: JSON files. Their code is loaded when it is used. This module has a name in
 * package.json (`imports`): what is bundled for an edge server gets `no-default-store.ts` instead.
 */
export function defaultStore(): Store {
  return lateStore(isId, async () => {
    const { jsonStore } = await import('./json-store.ts')
    return jsonStore() as Required<Store>
  })
}
