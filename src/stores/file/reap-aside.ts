import { threadOf, type AsideOptions, type Thread } from './aside.ts'

/**
 * Sweeps in a thread that lives as long. To the directory it is one more process: what holds for two of them holds here.
 * @param now milliseconds since the epoch
 * @param program what it runs
 * @returns how many sessions were removed; `null`: there is no such thread, or it did not come to its end
 */
export async function reapAside(
  options: AsideOptions,
  now: number,
  signal?: AbortSignal,
  program?: URL,
): Promise<number | null> {
  let isBroken = false
  let thread: Thread
  try {
    const nothing = () => {}
    thread = threadOf(
      { ...options, sweeps: true },
      { add: nothing }, // what a sweep costs the disk says nothing of the event loop
      nothing,
      () => (isBroken = true),
      program,
    )
  } catch {
    return null // no threads are allowed here
  }
  const stop = () => thread.stopReaping()
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  try {
    return await thread.ask<number>('reap', [now])
  } catch (error) {
    if (isBroken) return null
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
    await thread.end()
  }
}
