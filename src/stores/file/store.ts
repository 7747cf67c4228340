import type { Store } from '../../core/store.ts'
export interface FileStoreOptions { dir?: string }
export function jsonStore(_options?: string | FileStoreOptions): Store { throw new Error('being written') }
export function yamlStore(_options?: string | FileStoreOptions): Store { throw new Error('being written') }
