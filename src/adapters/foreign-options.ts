import type { Options } from '../sessions/options.ts'

/** The options that mean something where another library makes the ids and the session objects. */
export type ForeignOptions = Pick<Options, 'idle' | 'lifetime' | 'onConflict' | 'report' | 'now'>
