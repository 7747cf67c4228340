import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEngine, jsonStore } from '../../src/index.ts'
import { randomFrom } from '../faults/random.ts'
import { monotonic, readHistory, type Action, type Operation } from './history.ts'

/** How often which operation is done, in shares. */
export type Mix = Readonly<Partial<Record<Action, number>>>

/** What is done to the processes and to the disk under them while they work. */
export type Mischief = 'kill' | 'stop' | 'clock' | 'rmdir' | 'reset'

export interface Run {
  readonly seed: number
  /** The compiled package. */
  readonly dist: string
  readonly mix: Mix
  readonly mischief: readonly Mischief[]
  readonly workers: number
  /** How many sessions there are at a time. */
  readonly slots: number
  /** Whether the disk takes its time, so that whoever is stopped has a lock more often than not. */
  readonly slow?: boolean
  /** It goes on until there were this many operations, ... */
  readonly operations: number
  /** ... until this much time has passed, in ms, ... */
  readonly milliseconds: number
  /** ... and until each mischief was done this often. */
  readonly rounds: number
}

export interface Recorded {
  readonly history: readonly Operation[]
  readonly done: Readonly<Record<Mischief, number>>
  /** What went wrong with the processes themselves. */
  readonly broken: readonly string[]
  /** Everything there is to look at afterwards. Whoever records a history removes it. */
  readonly folder: string
}

/** A stop must be longer than the second after which a lock's holder is taken over. */
const STOP = 1300

/** After so long without any operation, in ms, it is over. */
const STUCK = 30_000

/** How far a clock jumps, in ms: far enough for touches and sweeps, not for the end of a session. */
const JUMP = 10 * 3_600_000

/** What the workers keep in a session. */
interface Held {
  readonly keys: Readonly<Record<string, string>>
  readonly count: number
  readonly added: Readonly<Record<string, 1>>
}

interface Worker {
  readonly name: string
  readonly child: ChildProcess
}

/**
 * Lets processes work on a few sessions, does mischief to them, and records what each of them did and saw.
 */
export async function record(run: Run): Promise<Recorded> {
  const random = randomFrom(run.seed)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-history-'))
  const [dir, jars, logs, trash] = ['sessions', 'jars', 'logs', 'trash'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string, string]
  for (const made of [jars, logs, trash]) fs.mkdirSync(made)

  const engine = createEngine({ store: jsonStore(dir), idle: '20d' })
  const diedAt = new Map<string, number>()
  const broken: string[] = []
  const wipes: Operation[] = []
  const done: Record<Mischief, number> = { kill: 0, stop: 0, clock: 0, rmdir: 0, reset: 0 }
  let workers: Worker[] = []
  let operations = 0
  let started = 0
  let progress = performance.now()

  try {
    workers = Array.from({ length: run.workers }, start)
    await work()
    if (broken.length === 0) await Promise.all(workers.map(leave))
  } catch (error) {
    fs.rmSync(folder, { recursive: true })
    throw error
  } finally {
    for (const { child } of workers) child.kill('SIGKILL')
  }
  const history = [...readHistory(logs, diedAt), ...wipes]
  return { history: [...history, ...(await lastReads(history))], done, broken, folder }

  function start(): Worker {
    const number = started++
    const name = `p${number}`
    const { dist, mix, slots, slow = false } = run
    const seed = random(2 ** 32)
    const log = path.join(logs, name)
    const task = { name, seed, dist, dir, jars, slots, mix, log, slow, coarse: number % 2 === 0 }
    const file = path.join(import.meta.dirname, 'history-worker.mjs')
    const child = fork(file, [JSON.stringify(task)], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    let complaint = ''
    child.stderr?.on('data', (text: Buffer) => (complaint += text.toString()))
    child.on('message', (count: number) => {
      operations += count
      if (count > 0) progress = performance.now()
    })
    child.on('exit', (code, signal) => {
      diedAt.set(name, monotonic())
      if (code !== 0 && signal !== 'SIGKILL') broken.push(`${name}: ${code} ${signal} ${complaint}`)
    })
    return { name, child }
  }

  async function leave({ child }: Worker): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const left = once(child, 'exit')
    child.send('stop')
    await left
  }

  async function work(): Promise<void> {
    const since = performance.now()
    await Promise.all(workers.map(({ child }) => once(child, 'message')))
    const isEnough = () =>
      operations >= run.operations &&
      performance.now() - since >= run.milliseconds &&
      run.mischief.every((what) => done[what] >= run.rounds)
    let planned: Mischief[] = []
    while (!isEnough() && broken.length === 0) {
      await sleep(50 + random(100))
      if (performance.now() - progress > STUCK) broken.push('nobody gets anywhere any more')
      if (planned.length === 0) planned = [...run.mischief]
      const what = planned.splice(random(planned.length), 1)[0]
      if (what === undefined) continue
      await deed(what)
      done[what]++
    }
  }

  /** Everything that was ever a session, once nobody is at work any more. */
  async function lastReads(history: readonly Operation[]): Promise<Operation[]> {
    const reads: Operation[] = []
    for (const { what, outcome, id = '', next = '' } of history) {
      if (what === 'create' && outcome === 'ok') reads.push(await look(id))
      if (what !== 'renew' || outcome === 'fail') continue
      // a killed renewal may leave a copy that nobody knows; but where there is none, the old id must be good
      const found = await look(next)
      if (outcome === 'ok' || found.outcome === 'fail') reads.push(found)
    }
    return reads
  }

  async function look(id: string): Promise<Operation> {
    const from = monotonic()
    const session = await engine.retrieve(id)
    const about = { process: 'last', what: 'read', id, from, until: monotonic() } as const
    if (!session) return { ...about, outcome: 'fail' }
    const { keys = {}, count = 0, added = {} } = session.data as Partial<Held>
    return { ...about, outcome: 'ok', seen: { keys, count, added: Object.keys(added) } }
  }

  async function deed(what: Mischief): Promise<void> {
    const at = random(workers.length)
    const { child } = workers[at] as Worker
    if (what === 'kill') {
      child.kill('SIGKILL')
      await once(child, 'exit')
      workers[at] = start()
    } else if (what === 'stop') {
      const stopped = workers.filter((_, other) => other === at || random(2) === 0)
      for (const worker of stopped) worker.child.kill('SIGSTOP')
      await sleep(STOP + random(400))
      for (const worker of stopped) worker.child.kill('SIGCONT')
    } else if (what === 'clock') {
      child.send({ offset: random(2 * JUMP) - JUMP })
    } else {
      const from = monotonic()
      if (what === 'reset') await engine.reset()
      else if (fs.existsSync(dir)) fs.renameSync(dir, path.join(trash, String(done.rmdir)))
      wipes.push({ process: what, what: 'wipe', outcome: 'ok', from, until: monotonic() })
    }
  }
}
