import type { SessionData } from './store.ts'

/**
 * The Standard Schema interface, as far as it is used here: structural, so that any library that speaks it
 * (zod, valibot, arktype, ...) fits and none is needed. Source: https://standardschema.dev, version 1.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

/** What a Standard Schema answers. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that a schema found wrong. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The type of `session.data` under a schema; without one, `SessionData`. */
export type InferOutput<S> = S extends {
  readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined }
}
  ? Output extends object
    ? Output
    : never
  : SessionData

/** What to do with stored data that the schema refuses: no session, an error, or a function that makes it fit. */
export type OnInvalid =
  | 'discard'
  | 'error'
  | ((data: Record<string, unknown>, issues: readonly SchemaIssue[]) => unknown)

/** The path of an issue as plain keys. */
export function issuePath(issue: SchemaIssue): (string | number)[] {
  return (issue.path ?? []).map((part) => {
    const key = typeof part === 'object' ? part.key : part
    return typeof key === 'number' ? key : String(key)
  })
}
