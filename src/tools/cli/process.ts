import { main } from './main.ts'

/**
 * Runs the program in this process: its arguments, its streams, its exit code. A first interrupt ends what is
 * under way in good order, a second one ends the process.
 * @param manifest where the package says its version
 */
export async function runProcess(manifest: URL): Promise<void> {
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort())
  process.once('SIGTERM', () => interrupt.abort())
  process.stdout.on('error', endQuietly)
  const exit = await main(process.argv.slice(2), {
    // opening standard input takes time, and few verbs read it
    get stdin() {
      return process.stdin
    },
    get stderr() {
      return process.stderr
    },
    stdout: process.stdout,
    env: process.env,
    manifest,
    cwd: process.cwd(),
    signal: interrupt.signal,
    now: Date.now,
  })
  // a question that nobody answered would keep the process
  if (interrupt.signal.aborted) process.exit(exit)
  process.exitCode = exit
}

/** Whoever reads our output has had enough (`vitrine ls | head`): that is no failure. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
}
