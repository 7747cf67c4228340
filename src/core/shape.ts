import { cloneJson } from './copy.ts'
import { copyJson, formatPath, isPlainObject, type JsonObject } from './data.ts'
import { VitrineError } from './errors.ts'
import type { Report } from './events.ts'
import { issuePath, type OnInvalid, type SchemaIssue, type StandardSchema } from './schema.ts'

/** Holds session data to a schema, at the two places where it crosses the border. */
export interface Shape {
  /** What a new session begins with: what the schema makes of `{}`, or `{}` where it wants more than that. */
  empty(): JsonObject | Promise<JsonObject>
  /**
   * Stored data as the app shall see it.
   * @param session the session's tag, for the event
   * @returns `null`: it does not fit and `onInvalid` says to discard it
   */
  load(data: JsonObject, session: string): JsonObject | null | Promise<JsonObject | null>
  /** @throws VitrineError `INVALID` when data that is about to be stored does not fit */
  check(data: JsonObject): void | Promise<void>
}

const NOTHING: JsonObject = Object.freeze({})

/** A session without a schema: any JSON object fits. */
export const anyShape: Shape = {
  empty: () => NOTHING,
  load: (data) => data,
  check: () => undefined,
}

/**
 * Holds data to a Standard Schema.
 * @param now for the events
 */
export function shapeOf(
  schema: StandardSchema,
  onInvalid: OnInvalid,
  report: Report,
  now: () => number,
): Shape {
  const validate = schema['~standard'].validate
  let empty: JsonObject | undefined

  async function fit(
    data: unknown,
  ): Promise<{ data: JsonObject } | { issues: readonly SchemaIssue[] }> {
    const result = await validate(cloneJson(data))
    if (result.issues) return { issues: result.issues }
    if (!isPlainObject(result.value)) {
      throw new VitrineError('CONFIG', 'Cannot use this schema: its output must be an object')
    }
    return { data: copyJson(result.value, Infinity) as JsonObject }
  }

  return {
    empty: () =>
      empty ?? fit({}).then((result) => (empty = 'data' in result ? result.data : NOTHING)),

    async load(data, session) {
      const result = await fit(data)
      if ('data' in result) return result.data
      const paths = result.issues.map((issue) => formatPath(issuePath(issue)))
      report({ type: 'invalid', at: now(), session, paths })
      if (onInvalid === 'discard') return null
      if (onInvalid === 'error') throw refused('Cannot use stored session data', result.issues)
      const mended = await fit(await onInvalid(cloneJson(data), result.issues))
      if ('data' in mended) return mended.data
      throw refused('Cannot use what onInvalid returned', mended.issues)
    },

    async check(data) {
      const result = await fit(data)
      if ('issues' in result) throw refused('Cannot store session.data', result.issues)
    },
  }
}

/** Names the paths only: a schema's own message may quote the value. */
function refused(what: string, issues: readonly SchemaIssue[]): VitrineError {
  const paths = issues.map((issue) => formatPath(issuePath(issue)) || 'the whole').join(', ')
  return new VitrineError('INVALID', `${what}: the schema refuses ${paths}`)
}
