export { createEngine, createSessions, type Sessions } from './sessions/sessions.ts'
export type { Options } from './sessions/options.ts'
export { fromDancer, type DancerConfig } from './sessions/dancer.ts'
export {
  fromSessionFileStore,
  type SessionFileStoreSettings,
} from './sessions/session-file-store.ts'
export { jsonStore } from './stores/file/json-store.ts'
export { yamlStore } from './stores/file/yaml-store.ts'
export type { FileStoreOptions } from './stores/file/options.ts'
export { memoryStore, type MemoryStoreOptions } from './stores/memory.ts'
export { cookie, type CookieOptions } from './transports/cookie.ts'
export { sealedCookie, type SealedCookieOptions } from './transports/seal.ts'
export { VitrineError, type ErrorCode } from './core/errors.ts'
export { createId, isId } from './core/id.ts'
export type { Change, Path } from './core/data.ts'
export type { Engine } from './core/engine.ts'
export type {
  ConflictReport,
  LostReason,
  RejectReason,
  Report,
  SessionEvent,
} from './core/events.ts'
export type { Conflict } from './core/merge.ts'
export type { Duration } from './core/policy.ts'
export type { InferOutput, OnInvalid, SchemaIssue, StandardSchema } from './core/schema.ts'
export type { Session } from './core/session.ts'
export type {
  Codec,
  SealedRecord,
  Sealer,
  SessionData,
  SessionRecord,
  Store,
  StoreChange,
  Stored,
  Version,
} from './core/store.ts'
export type { Header, Incoming, Transport } from './core/transport.ts'
