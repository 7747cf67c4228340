import type { Io } from './io.ts'

/** `'crash'`: what is stored survives a killed process. `'power'`: it survives a power cut as well (fsync). */
export type Durability = 'crash' | 'power'

/** How sessions are kept in files. */
export interface FileStoreOptions {
  /** The session directory. Default `sessions`, under the current directory. */
  dir?: string
  /** What a stored session survives: a killed process (`'crash'`, the default) or also a power cut (`'power'`: slower). */
  durability?: Durability
  /** How long a session file may be. Default 1 MiB. */
  maxBytes?: number
  /** `'dancer'`: the files of Perl's Dancer, which both sides read and write. Default `'plain'`. */
  layout?: 'plain' | 'dancer'
  /** The file system and the clock. */
  io?: Io
}

/** How long a session file may be when the app does not say, in bytes. */
export const DEFAULT_MAX_BYTES: number = 1024 * 1024
