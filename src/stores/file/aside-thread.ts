import { parentPort, workerData } from 'node:worker_threads'
import type { VitrineError } from '../../core/errors.ts'
import type { Answer, AsideOptions, Call, Said, Stop } from './aside.ts'
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
  let result: Pick<Answer, 'value' | 'error'>
  try {
    const store = await opened
    const call = store[method] as (...args: readonly unknown[]) => Promise<unknown>
    result = { value: await call(...args, ...(method === 'reap' ? [stop.signal] : [])) }
  } catch (error) {
    const { code, message, cause } = error as VitrineError
    result = { error: { code, message, cause } }
  }
  const spent = { look: measured.take('look'), change: measured.take('change') }
  parentPort?.postMessage({ n, ...result, ...spent } satisfies Answer)
}

parentPort?.on('message', (call: Call | Stop) => {
  if (call === 'stop') stop.abort()
  else void answer(call)
})
