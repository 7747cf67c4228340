/** What went wrong, as a stable code. Codes are API; messages are not. */
export type ErrorCode =
  | 'CONFIG'
  | 'STORE'
  | 'CORRUPT'
  | 'INVALID'
  | 'CONFLICT'
  | 'TOO_LARGE'
  | 'TOO_LATE'
  | 'DESTROYED'
  | 'MISSING_PACKAGE'

/**
 * The one error class of Vitrine.
 *
 * | code | when |
 * |---|---|
 * | `CONFIG` | an impossible option, at construction |
 * | `STORE` | the backend failed; `cause` is its own error |
 * | `CORRUPT` | a record is there but unreadable |
 * | `INVALID` | the data fails the schema, or holds a value that JSON would change; names the path |
 * | `CONFLICT` | the compare-and-swap kept losing, or `onConflict: 'error'` refused |
 * | `TOO_LARGE` | a record over its bound, or a sealed cookie over 4,096 bytes; names the biggest keys |
 * | `TOO_LATE` | the session was changed after the response had left |
 * | `DESTROYED` | the session was used after `destroy()`, or belongs to another engine |
 * | `MISSING_PACKAGE` | an optional package is not installed |
 *
 * A message never holds an id, a secret or a session value.
 */
export class VitrineError extends Error {
  override readonly name: string = 'VitrineError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
