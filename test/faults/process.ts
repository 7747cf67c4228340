import { constants } from 'node:fs'
import type { Io } from '../../src/files.ts'
import type { Disk } from './disk.ts'
import { intercepted, type Call } from './intercept.ts'
import { withSeededCrypto } from './random.ts'
import { startApp, type App, type Setting } from './world.ts'

/** A process that stands still before one of its operations, as after SIGSTOP. Never resumed: it was killed. */
export interface Stopped {
  /** It had fewer operations, and is done. */
  readonly finished: boolean
  /** Goes on, and settles as the work does. */
  resume(): Promise<unknown>
}

/** What was answered, to be answered again. */
interface Answer {
  readonly name: string
  readonly value?: unknown
  readonly error?: Error
  /** What a read put into the buffer. */
  readonly bytes?: Buffer
}

/** Where a process is stopped: before the nth of these operations. */
export interface Place {
  readonly nth: number
  readonly of: 'operations' | 'changes'
}

/**
 * Starts a process and stops it. It goes on by being run again from its beginning, with the answers it got, up to
 * where it stood; from there on its operations are done. So what it does must depend on nothing but these answers.
 * @param seed of the names that it makes by chance
 */
export async function stopBefore(
  { nth, of }: Place,
  disk: Disk,
  setting: Setting,
  seed: number,
  work: (app: App) => Promise<unknown>,
): Promise<Stopped> {
  const answers: Answer[] = []
  let count = 0
  let isStopped = false
  const start = (io: Io) => withSeededCrypto(seed, () => startApp(io, setting, seed * 100))

  const first = timed(disk, (name, go, args) => {
    if (isStopped) throw new Standstill()
    const counts = of === 'changes' ? isChange(disk, name, args) : !CLOCK.includes(name)
    if (counts && ++count === nth) {
      isStopped = true
      throw new Standstill()
    }
    const answer = answerOf(name, go, args)
    answers.push(answer)
    return given(answer)
  })
  const ended = await work(start(first)).then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error: error as Error }),
  )
  if (!isStopped) {
    return {
      finished: true,
      resume: async () => {
        if ('error' in ended) throw ended.error
        return ended.value
      },
    }
  }

  return {
    finished: false,
    resume() {
      let at = 0
      const again = timed(disk, (name, go, args) => {
        const answer = answers[at++]
        if (!answer) return go()
        if (answer.name !== name) throw new Error('a process does not repeat itself')
        answer.bytes?.copy(args[1] as Buffer)
        return given(answer)
      })
      return work(start(again))
    },
  }
}

/** What a stopped process gets for an answer, so that it gets no further; nobody hears of it. */
class Standstill extends Error {}

const CLOCK: readonly string[] = ['now', 'elapsed', 'nap', 'sleep']

/** Whether an operation is going to change the disk; one that waits for a lock only tries to. */
function isChange(disk: Disk, name: string, args: readonly unknown[]): boolean {
  if (name === 'open') return ((args[1] as number) & constants.O_CREAT) !== 0
  if (['rename', 'unlink', 'discard'].includes(name))
    return disk.at(args[0] as string) !== undefined
  return name === 'write' || name === 'mkdir' || name === 'rmdir'
}

function answerOf(name: string, go: () => unknown, args: readonly unknown[]): Answer {
  try {
    const value = go()
    return name === 'read'
      ? { name, value, bytes: Buffer.from(args[1] as Buffer) }
      : { name, value }
  } catch (error) {
    return { name, error: error as Error }
  }
}

function given({ value, error }: Answer): unknown {
  if (error) throw error
  return value
}

/** Hears of the clock as well: a process may do one thing or another by it. */
function timed(
  disk: Disk,
  around: (name: string, go: () => unknown, args: readonly unknown[]) => unknown,
): Io {
  const io = intercepted(disk.io, (call: Call) => {
    if (call.name === 'entries') {
      // all at once: what was read a little at a time could not be given again
      const names = around('entries', () => disk.io.readdir(call.args[0] as string), [])
      return each(names as string[])
    }
    return around(call.name, () => call.go(), call.args)
  })
  return {
    ...io,
    now: () => around('now', () => disk.io.now(), []) as number,
    elapsed: () => around('elapsed', () => disk.io.elapsed(), []) as number,
    nap: (ms) => void around('nap', () => disk.io.nap(ms), []),
    sleep: async (ms) => void around('sleep', () => (disk.elapsed += ms), []),
  }
}

async function* each(names: readonly string[]): AsyncGenerator<readonly string[]> {
  yield names
}
