import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'

/** What is no chunk is refused while the handler is there to hear of it, as Node does. */
export function checkChunk(name: string, chunk: unknown): void {
  const optional = name === 'end' && (!chunk || typeof chunk === 'function')
  if (name.startsWith('flush') || optional) return
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return
  const error = new TypeError('The chunk must be a string, a Buffer or a Uint8Array')
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' })
}

/** Nobody waits for ever: whoever gave a callback hears that nothing was written. */
export function refuse(args: readonly unknown[], error: unknown): void {
  const callback = args.find((each) => typeof each === 'function')
  if (callback) process.nextTick(callback, error)
}

/** Stops what is piped. The end is left to the end of the response: `pipeline` would tear it down on the way. */
export function release(res: ServerResponse, sources: readonly Readable[]): void {
  const streams = [...sources]
  for (const stream of streams) stream.unpipe(res)
  const destroy = (): void => streams.forEach((stream) => stream.destroy())
  if (res.closed) destroy()
  else res.once('close', destroy)
}

/** What Node would say of a write to a stream that is no more. */
export function writeAfterFailure(): Error {
  const error = new Error(
    'Cannot write: the session could not be stored and the response is another one',
  )
  return Object.assign(error, { code: 'ERR_STREAM_DESTROYED' })
}
