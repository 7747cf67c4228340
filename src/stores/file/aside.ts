import { Worker } from 'node:worker_threads'
import { VitrineError } from '../../core/errors.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Report } from '../../core/events.ts'
import type { Store } from '../../core/store.ts'
import { inBatches } from './batches.ts'
import type { FileStore } from './file-store.ts'
import type { Gauge, Kind, Measured } from './gauge.ts'
import type { FileStoreOptions } from './options.ts'

/** What the other thread has to know to open the same directory. */
export interface AsideOptions extends Omit<FileStoreOptions, 'io'> {
  readonly format: 'json' | 'yaml'
  /** Whether it is there for a sweep only. */
  readonly sweeps?: true
}

/** A call that the other thread makes: for a slow disk, or to sweep. */
export interface Call {
  readonly n: number
  readonly method: 'read' | 'put' | 'touch' | 'delete' | 'reap'
  readonly args: readonly unknown[]
}

/** Tells the other thread to end its sweep. */
export type Stop = 'stop'

/** What became of a call. An error crosses as what it is made of. */
export interface Answer {
  readonly n: number
  readonly value?: unknown
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly cause: unknown }
}

/** What became of some calls, and what the disk cost the thread since it last said so. */
export interface Answers {
  readonly answers: readonly Answer[]
  readonly measured: Measured
}

/** What the other thread says besides: that it is ready, and what a store reports. */
export type Said = { readonly ready: true } | { readonly event: Parameters<Report>[0] }

interface Asked {
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** Beside this file in the package. */
const PROGRAM = new URL('./aside-thread.js', import.meta.url)

/**
 * Keeps a slow disk from holding up the event loop. File operations are done at once, because for a quick disk that
 * costs the loop least; while they take a noticeable share of its time, another thread does them. To the directory
 * that thread is one more process: the locks are the same, and so is what is promised.
 * @param program what the thread runs
 */
export function withThread(
  store: FileStore,
  gauge: Gauge,
  options: AsideOptions,
  program?: URL,
): Required<Store> {
  const files = store as Required<FileStore>
  let report: Report = () => {}
  let thread: Thread | null = null
  let isBroken = false

  /** The other thread, when it is better at such operations for now, and there. */
  function better(kind: Kind): Thread | undefined {
    if (isBroken || !gauge.isSlow(kind)) return undefined
    thread ??= threadOf(
      options,
      gauge,
      (event) => report(event),
      () => {
        isBroken = true // no threads here, or a bundler left the file out: things go on as they are
        thread = null
      },
      program,
    )
    if (!thread.isReady()) return undefined
    gauge.left(kind, thread.underWay())
    return thread
  }

  return {
    ...files,

    init(listener) {
      report = listener
      return files.init(listener)
    },

    read: (id) => better('look')?.ask('read', [id]) ?? files.read(id),

    write(id, record, expected) {
      const other = better('change')
      // the text is what crosses: a copy of the record would cost either thread more
      return files.write(id, record, expected, other && ((...args) => other.ask('put', args)))
    },

    touch: (id, expiresAt, expected) =>
      better('change')?.ask('touch', [id, expiresAt, expected]) ??
      files.touch(id, expiresAt, expected),

    delete: (id) => better('change')?.ask('delete', [id]) ?? files.delete(id),

    async close() {
      const ending = thread
      thread = null
      await ending?.end()
    },
  }
}

/** Another thread. */
export interface Thread {
  isReady(): boolean
  /** How many calls it has not answered yet. */
  underWay(): number
  ask<T>(method: Call['method'], args: readonly unknown[]): Promise<T>
  stopReaping(): void
  /** Ends it when its work is done. */
  end(): Promise<void>
}

/**
 * Starts a thread.
 * @param gauge hears what the disk cost it
 * @param broken is called when it ends by itself
 * @param program what it runs
 */
export function threadOf(
  options: AsideOptions,
  gauge: Pick<Gauge, 'add'>,
  report: Report,
  broken: () => void,
  program: URL = PROGRAM,
): Thread {
  const asked = new Map<number, Asked>()
  let count = 0
  let ready = false
  let idle = (): void => undefined
  const worker = new Worker(program, { workerData: options })
  worker.on('error', (error) => stop(error))
  worker.on('exit', () => stop(new Error('The thread has ended')))
  worker.on('message', (message: Answers | Said) => {
    if ('event' in message) return report(message.event)
    if ('ready' in message) return void (ready = true)
    gauge.add(message.measured)
    for (const answer of message.answers) hear(answer)
  })
  const tell = inBatches<Call>((calls) => worker.postMessage(calls))
  worker.unref() // after the listeners: to listen for messages is to wait for them

  function hear({ n, value, error }: Answer): void {
    const { resolve, reject } = asked.get(n) as Asked
    asked.delete(n)
    if (asked.size === 0) {
      worker.unref()
      idle()
    }
    if (error) reject(new VitrineError(error.code, error.message, error.cause))
    else resolve(value as never)
  }

  /** Whether a call was carried out is not known then: the store failed. */
  function stop(cause: unknown): void {
    ready = false
    for (const { reject } of asked.values()) {
      reject(new VitrineError('STORE', 'Cannot reach the session files: their thread ended', cause))
    }
    asked.clear()
    broken()
    idle()
  }

  return {
    isReady: () => ready,
    underWay: () => asked.size,
    ask: (method, args) =>
      new Promise((resolve, reject) => {
        const n = count++
        asked.set(n, { resolve, reject })
        if (asked.size === 1) worker.ref()
        tell({ n, method, args })
      }),
    stopReaping: () => worker.postMessage('stop' satisfies Stop),
    async end() {
      if (asked.size > 0) await new Promise<void>((done) => (idle = done))
      worker.removeAllListeners('exit')
      await worker.terminate()
    },
  }
}
