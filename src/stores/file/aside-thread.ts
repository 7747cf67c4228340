import { parentPort, workerData } from 'node:worker_threads'
import type { VitrineError } from '../../core/errors.ts'
import type { Answer, Answers, AsideOptions, Call, Said, Stop } from './aside.ts'
import { inBatches } from './batches.ts'
import { fileStore, type FileStore } from './file-store.ts'
import { gauge } from './gauge.ts'
import { nodeIo } from './io.ts'
import { jsonLayout } from './json-layouts.ts'
import { yamlLayout } from './yaml-layouts.ts'

// The other thread of `aside.ts`: the same store on the same directory, one call after the other.

const options = workerData as AsideOptions
const measured = gauge(nodeIo)
const stop = new AbortController()
const opened = open()

async function open(): Promise<Required<FileStore>> {
  const layout = options.format === 'yaml' ? await yamlLayout(options) : jsonLayout(options)
  const io = options.sweeps ? nodeIo : measured.io
  const store = fileStore({ ...options, io }, layout) as Required<FileStore>
  if (options.sweeps) return store // a directory that is gone is not made again
  // the directory is ready, and warnings about it were given by the first thread
  await store.init((event) => {
    if (event.type !== 'warning') parentPort?.postMessage({ event } satisfies Said)
  })
  parentPort?.postMessage({ ready: true } satisfies Said)
  return store
}

async function answer({ n, method, args }: Call): Promise<void> {
  try {
    const store = await opened
    const call = store[method] as (...args: readonly unknown[]) => Promise<unknown>
    const value = await call(...args, ...(method === 'reap' ? [stop.signal] : []))
    say({ n, value })
  } catch (error) {
    const { code, message, cause } = error as VitrineError
    say({ n, error: { code, message, cause } })
  }
}

const say = inBatches<Answer>((answers) => {
  parentPort?.postMessage({ answers, measured: measured.take() } satisfies Answers)
})

parentPort?.on('message', (calls: Call[] | Stop) => {
  if (calls === 'stop') stop.abort()
  else for (const call of calls) void answer(call)
})
