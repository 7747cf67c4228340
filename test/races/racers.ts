import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createEngine, jsonStore, type SessionRecord, type Store } from '../../src/index.ts'
import { monotonic } from './history.ts'

/** How a process of a race is set up. */
export interface RacerOptions {
  /** Before which file operation of its turns it is killed. */
  readonly killAt?: number
  /** Whether its disk takes its time. */
  readonly slow?: boolean
}

/** What a process does when its turn comes. */
export interface Turn {
  readonly id: string
  readonly act:
    | 'change'
    | 'update'
    | 'flash'
    | 'look'
    | 'renew'
    | 'destroy'
    | 'delete'
    | 'write'
    | 'touch'
    | 'reset'
  /** The member of the session that it sets. */
  readonly name?: string
  /** When, by the system's monotonic clock, in ns. */
  readonly at: number
}

/** What came of a turn. */
export interface Result {
  readonly id: string
  readonly events: readonly { readonly type: string; readonly reason?: string }[]
  readonly cookies: readonly string[]
  /** How many file operations its process has had in its turns. */
  readonly operations: number
}

/** A process of a race. */
export interface Racer {
  readonly child: ChildProcess
  /** Begins a request on each session. */
  hold(ids: readonly string[]): Promise<void>
  /**
   * Ends the requests, each at its time.
   * @param ahead how far its clock is ahead of time by then, in ms
   */
  go(turns: readonly Turn[], ahead?: number): Promise<Result[]>
  /** Sweeps again and again. @returns ends it, and tells how many were removed */
  reap(ahead?: number): () => Promise<number>
}

/** A directory of sessions, and the processes that race for them. */
export interface Ground extends AsyncDisposable {
  readonly dir: string
  readonly store: Store
  /** Makes sessions that hold their number. */
  sessions(count: number): Promise<string[]>
  racer(options?: RacerOptions): Promise<Racer>
  /** Everything that is stored. */
  stored(): Promise<Map<string, SessionRecord>>
}

export function ground(dist: string): Ground {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-races-'))
  const dir = path.join(home, 'sessions')
  const store = jsonStore(dir)
  const engine = createEngine({ store })
  const children: ChildProcess[] = []
  return {
    dir,
    store,

    async sessions(count) {
      const ids: string[] = []
      for (let n = 0; n < count; n++) ids.push((await engine.create({ login: n })).id)
      return ids
    },

    async racer(options: RacerOptions = {}) {
      const file = path.join(import.meta.dirname, 'race-worker.mjs')
      const child = fork(file, [JSON.stringify({ dist, dir, ...options })])
      children.push(child)
      await answerOf(child)
      return racerOf(child)
    },

    async stored() {
      const all = new Map<string, SessionRecord>()
      for await (const id of store.ids!()) {
        const found = await store.read(id)
        if (found) all.set(id, found.record)
      }
      return all
    },

    async [Symbol.asyncDispose]() {
      const running = children.filter(
        (child) => child.exitCode === null && child.signalCode === null,
      )
      const ended = running.map((child) => once(child, 'exit'))
      for (const child of running) child.kill('SIGKILL')
      await Promise.all(ended)
      fs.rmSync(home, { recursive: true })
    },
  }
}

function racerOf(child: ChildProcess): Racer {
  const ask = (what: string, more: object = {}) => {
    const answer = answerOf(child)
    child.send({ what, ...more })
    return answer
  }
  return {
    child,
    hold: async (ids) => void (await ask('hold', { ids })),
    go: (turns, ahead = 0) => ask('go', { turns, ahead }) as Promise<Result[]>,
    reap(ahead = 0) {
      const removed = ask('reap', { ahead }) as Promise<number>
      return () => {
        child.send({ what: 'enough' })
        return removed
      }
    },
  }
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const answered = ({ error, answer }: Reply) => {
      child.off('exit', ended)
      if (error === undefined) resolve(answer)
      else reject(new Error(error))
    }
    const ended = () => {
      child.off('message', answered)
      reject(new Error('the process has ended'))
    }
    child.once('message', answered).once('exit', ended)
  })
}

interface Reply {
  readonly answer?: unknown
  readonly error?: string
}

/** How far apart two races of a series are, in ns. */
const GAP = 4e6

/** When each race of a series is: soon, one after another. */
export function schedule(count: number): number[] {
  const start = monotonic() + 50e6
  return Array.from({ length: count }, (_, n) => start + n * GAP)
}

/** The kinds of event of a turn, and why something was lost. */
export function told({ events }: Result): string[] {
  return events.map(({ type, reason }) => (reason === undefined ? type : `${type}: ${reason}`))
}
