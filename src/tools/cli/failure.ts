/** What the program ends with. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  noSuchSession: 3,
  notAllowed: 4,
  conflict: 5,
  invalid: 6,
  unreachable: 7,
  interrupted: 130,
} as const

/** An exit code of the program. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** A failure that is told to the person in three lines at most: what, why, what to type. */
export class Failure extends Error {
  readonly exit: ExitCode
  /** Why it is so. */
  readonly why: string | undefined
  /** What to do, or to type. */
  readonly hint: string | undefined

  constructor(
    exit: ExitCode,
    what: string,
    more: { readonly why?: string; readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(what, more.cause === undefined ? undefined : { cause: more.cause })
    this.exit = exit
    this.why = more.why
    this.hint = more.hint
  }
}

const EXIT_OF_CODE: Readonly<Record<string, ExitCode>> = {
  CONFIG: EXIT.usage,
  STORE: EXIT.unreachable,
  CORRUPT: EXIT.invalid,
  INVALID: EXIT.invalid,
  TOO_LARGE: EXIT.invalid,
  CONFLICT: EXIT.conflict,
}

const DENIED = new Set(['EACCES', 'EPERM', 'EROFS'])

/** Makes a failure of whatever was thrown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  const { message, code } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  const denied = [error, (error as { cause?: unknown } | null)?.cause].some((each) =>
    DENIED.has(String((each as NodeJS.ErrnoException | undefined)?.code)),
  )
  if (denied) {
    return new Failure(EXIT.notAllowed, message ?? 'Not allowed', {
      hint: 'Run it as the user that the app runs as',
      cause: error,
    })
  }
  const exit = EXIT_OF_CODE[code ?? ''] ?? EXIT.failed
  return new Failure(exit, message ?? String(error), { cause: error })
}
