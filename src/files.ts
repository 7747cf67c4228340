export { jsonStore, lookInto, yamlStore, type Lookout, type Peek } from './stores/file/store.ts'
export type { FileStoreOptions } from './stores/file/file-store.ts'
export type { Durability } from './stores/file/atomic.ts'
export { nodeIo, type Facts, type Io } from './stores/file/io.ts'
