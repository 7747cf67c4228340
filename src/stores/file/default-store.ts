import type { Store } from '../../core/store.ts'
import { jsonStore } from './json-store.ts'

/** The store of an app that names none. @returns `null` where there are no files */
export const defaultStore: () => Store | null = jsonStore
