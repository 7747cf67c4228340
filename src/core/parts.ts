import type { Report } from './events.ts'
import type { Settle } from './merge.ts'
import type { Policy } from './policy.ts'
import type { Shape } from './shape.ts'

/** Everything an engine is made of, with no option left open. */
export interface EngineParts {
  readonly policy: Policy
  readonly shape: Shape
  readonly settle: Settle
  readonly report: Report
  readonly createId: () => string
  readonly now: () => number
  readonly maxDepth: number
  /** Whether a change after the response throws `TOO_LATE`; else it is only reported. */
  readonly strict: boolean
}
