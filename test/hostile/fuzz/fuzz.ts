import { counters, PLACES } from './instrument.ts'

/** Something that takes any bytes and must keep its promises. */
export interface Target {
  readonly name: string
  /** Inputs to begin with. */
  readonly seeds: readonly Uint8Array[]
  /** Pieces that mean something to it. */
  readonly words: readonly string[]
  /** @throws anything when a promise is broken */
  run(input: Uint8Array): void | Promise<void>
}

/** How long to look, and from where. */
export interface FuzzOptions {
  readonly milliseconds: number
  /** The same seed makes the same inputs as long as code and target are the same. */
  readonly seed: number
  /** Stop after so many runs, whatever the time. */
  readonly executions?: number
}

/** What was looked at. */
export interface Fuzzed {
  readonly executions: number
  /** Inputs that went a way of their own. */
  readonly corpus: number
  /** Places that were passed, of those that can be counted. */
  readonly places: number
}

/** A promise that some input breaks, made as short as it easily goes. */
export class Finding extends Error {
  readonly input: Uint8Array

  constructor(target: string, seed: number, input: Uint8Array, cause: unknown) {
    const text = Buffer.from(input).toString('latin1')
    const why = cause instanceof Error ? cause.message : String(cause)
    super(
      `${target} with seed ${seed}: ${why}\ninput: ${JSON.stringify(text)}\nbase64: ${Buffer.from(input).toString('base64')}`,
      { cause },
    )
    this.input = input
  }
}

const MAX_LENGTH = 4096

/** A run of a few kilobytes that takes longer than this, in ms, hangs for whoever waits. */
const HANGS = 10_000

/**
 * Looks for an input that breaks a target, guided by the ways through the code that inputs take: one that takes a
 * new way is kept, and changed further.
 * @throws Finding
 */
export async function fuzz(target: Target, options: FuzzOptions): Promise<Fuzzed> {
  const { milliseconds, seed, executions: most = Infinity } = options
  const random = randomFrom(seed)
  const counts = counters // a name of another module would be looked up each time
  const words = new Uint32Array(counts.buffer)
  const seen = new Uint8Array(PLACES)
  const corpus: Uint8Array[] = []
  const ends = performance.now() + milliseconds
  let executions = 0

  for (const input of target.seeds) await look(input, true)
  while (executions < most && performance.now() < ends) {
    const parent = corpus[pick(corpus.length)] as Uint8Array
    await look(mutate(parent), false)
  }
  return {
    executions,
    corpus: corpus.length,
    places: seen.reduce((sum, bits) => sum + (bits && 1), 0),
  }

  async function look(input: Uint8Array, keep: boolean): Promise<void> {
    executions++
    const cause = await failure(input)
    const isNew = sweep()
    if (isNew || keep) corpus.push(input)
    if (cause !== null) throw new Finding(target.name, seed, await shortened(input), cause)
  }

  /** What the target throws; `null`: nothing. */
  async function failure(input: Uint8Array): Promise<unknown> {
    const since = performance.now()
    try {
      const done = target.run(input)
      if (done) await done
    } catch (error) {
      return error ?? new Error('it throws nothing')
    }
    const took = performance.now() - since
    return took > HANGS ? new Error(`it hangs for ${Math.round(took)} ms`) : null
  }

  /** Takes the counts away. @returns whether there was a way that nobody went before */
  function sweep(): boolean {
    let isNew = false
    for (let word = 0; word < words.length; word++) {
      if (words[word] === 0) continue // most are
      for (let place = word * 4; place < word * 4 + 4; place++) {
        const count = counts[place] as number
        if (count === 0) continue
        // 1, 2, 3, 4-7, 8-15, … times are different ways
        const way = 1 << ((count < 4 ? count - 1 : 32 - Math.clz32(count)) % 8)
        if ((seen[place]! & way) !== 0) continue
        seen[place]! |= way
        isNew = true
      }
      words[word] = 0
    }
    return isNew
  }

  async function shortened(input: Uint8Array): Promise<Uint8Array> {
    let shortest = input
    for (let size = Math.ceil(input.length / 2); size > 0; size = Math.floor(size / 2)) {
      for (let at = 0; at < shortest.length;) {
        const shorter = Buffer.concat([shortest.subarray(0, at), shortest.subarray(at + size)])
        if ((await failure(shorter)) === null) at += size
        else shortest = shorter
      }
    }
    return shortest
  }

  function pick(count: number): number {
    return Math.floor(random() * count)
  }

  function mutate(parent: Uint8Array): Uint8Array {
    let bytes = Buffer.from(parent)
    for (let times = 1 + pick(1 << pick(4)); times > 0; times--) bytes = changed(bytes)
    return bytes.subarray(0, MAX_LENGTH)
  }

  function changed(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
    const at = pick(bytes.length + 1)
    const until = Math.min(bytes.length, at + 1 + pick(1 << pick(7)))
    const replaced = (middle: Uint8Array, end = at) =>
      Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(end)])
    switch (pick(9)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << pick(8)
        return bytes
      case 1:
        if (at < bytes.length) bytes[at] = pick(256)
        return bytes
      case 2:
        return replaced(Buffer.from([pick(256)]))
      case 3:
        return replaced(Buffer.alloc(0), until)
      case 4: // once more, or many times
        return replaced(
          Buffer.concat(Array.from({ length: 1 << pick(5) }, () => bytes.subarray(at, until))),
        )
      case 5: {
        const other = corpus[pick(corpus.length)] as Uint8Array
        const from = pick(other.length)
        return replaced(other.subarray(from, from + 1 + pick(64)), until)
      }
      case 6: {
        const other = corpus[pick(corpus.length)] as Uint8Array
        return replaced(other.subarray(pick(other.length)), bytes.length)
      }
      default: {
        const word = target.words[pick(target.words.length)] ?? ''
        return replaced(Buffer.from(word), pick(2) === 0 ? at : until)
      }
    }
  }
}

/** Numbers from 0 up to 1 that a seed decides (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
