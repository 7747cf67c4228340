import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect } from 'vitest'

/** What a process answered: what its deed returned, or how it failed. */
export interface Answer {
  readonly value?: unknown
  readonly error?: Record<'name' | 'code' | 'message' | 'cause' | 'stack', string>
}

/** No answer may take longer than this, in ms. The promise is a second; machines are busy. */
const HANGS = 8000

/** A process of its own that works on one directory and does what it is told: `limited.mjs`. */
export class Worker {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /**
   * @param before what starts the process, before its own command
   * @param env what it finds in its environment besides
   */
  static async start(
    dist: string,
    dir: string,
    before: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<Worker> {
    const program = path.join(import.meta.dirname, 'limited.mjs')
    const [command = '', ...args] = [...before, process.execPath, program, dist, dir]
    const child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'], ...env },
    })
    const worker = new Worker(child)
    await worker.#answer()
    return worker
  }

  /** Asks for a deed, which may fail. */
  ask(what: string, id?: unknown, more?: { readonly n: number; readonly size: number } | string) {
    this.#child.send({ what, id, more })
    return this.#answer()
  }

  /** Asks for a deed that must work. */
  async do(...asked: Parameters<Worker['ask']>): Promise<unknown> {
    const { value, error } = await this.ask(...asked)
    expect(error, asked[0]).toBeUndefined()
    return value
  }

  /** Lets it end in good order, whatever it is about. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    const late = setTimeout(() => this.#child.kill('SIGKILL'), HANGS)
    this.#child.disconnect()
    await ended
    clearTimeout(late)
  }

  async #answer(): Promise<Answer> {
    const signal = AbortSignal.timeout(HANGS)
    const [answer] = (await once(this.#child, 'message', { signal })) as [Answer]
    return answer
  }
}
