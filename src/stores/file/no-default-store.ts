import { VitrineError } from '../../core/errors.ts'
import type { Store } from '../../core/store.ts'

/**
 * Stands for `default-store.ts` in what is bundled for an edge server, where there are no files: it cannot be opened.
 * So a module that both servers share can be loaded there.
 */
export const defaultStore = (): Store => ({ init }) as Partial<Store> as Store

function init(): never {
  throw new VitrineError(
    'CONFIG',
    'Cannot keep sessions: there are no files here; give a store, as sealedCookie({ secrets })',
  )
}
