import type { SessionData } from '../../core/store.ts'
import { timeText, whoIs } from './facts.ts'
import { masked } from './mask.ts'
import type { Entry } from './opened.ts'
import { printableJson } from './terminal.ts'

/** One session as `--json` prints it. Members are only ever added. */
export interface SessionDocument {
  readonly id: string
  readonly user: string | null
  readonly created: string
  readonly changed: string
  readonly expires: string
  readonly revision: number
  readonly size: number
  readonly path: string
  readonly retired?: true
  readonly flash?: unknown
  readonly data: SessionData
}

/** @param reveal whether secrets are shown */
export function documentOf(entry: Entry, reveal: boolean): SessionDocument {
  const { id, record, size, path, modifiedAt } = entry
  const show = (value: unknown) => (reveal ? value : masked(value))
  return {
    id,
    user: show(whoIs(record.data)) as string | null,
    created: timeText(record.createdAt),
    changed: timeText(modifiedAt),
    expires: timeText(record.expiresAt),
    revision: record.revision,
    size,
    path,
    ...(record.retired && { retired: true as const }),
    ...(record.flash && { flash: show(record.flash) }),
    data: show(record.data) as SessionData,
  }
}

/** JSON text that is safe on a terminal and equal to what `JSON.stringify` means. */
export function jsonText(value: unknown, indent?: number): string {
  return printableJson(JSON.stringify(value, null, indent))
}
