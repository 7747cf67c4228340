import fs from 'node:fs'
import path from 'node:path'
import { faultsIn } from './checker.ts'
import type { Operation } from './history.ts'
import { record, type Mischief, type Mix, type Run } from './history-run.ts'

const EVERYTHING: Mix = {
  read: 20,
  set: 24,
  remove: 6,
  count: 20,
  add: 14,
  touch: 5,
  renew: 4,
  destroy: 2,
  reap: 1,
}

const MISCHIEF: readonly Mischief[] = ['kill', 'stop', 'clock', 'rmdir', 'reset']

/** What a checked history came to. */
export interface Checked {
  readonly operations: number
  readonly acknowledged: number
  /** Operations of killed processes, of which nobody knows whether they were done. */
  readonly unknown: number
  readonly done: Readonly<Record<Mischief, number>>
}

/**
 * Records a history of processes on a few sessions, and checks it.
 * @throws Error with every fault, the seed, and where the history was kept
 */
export async function checkHistory(run: Run): Promise<Checked> {
  const { history, done, broken, folder } = await record(run)
  // what is being written at the moment when its directory is moved away may fail
  const removals = history.filter(({ process }) => process === 'rmdir')
  const errors = history.filter(
    ({ error, from, until }) =>
      error !== undefined &&
      !(error.includes('ENOENT') && removals.some((one) => from < one.until && until > one.from)),
  )
  const faults = [
    ...broken,
    ...errors.map(({ process, what, error }) => `${process} ${what} failed: ${error}`),
    ...faultsIn(history),
  ]
  if (faults.length > 0) {
    const kept = path.join(folder, 'history.json')
    fs.writeFileSync(kept, JSON.stringify(history))
    throw new Error(`${faults.join('\n\n')}\n\nseed ${run.seed}, the history is in ${kept}`)
  }
  fs.rmSync(folder, { recursive: true })
  const how = (outcome: Operation['outcome']) =>
    history.filter((operation) => operation.outcome === outcome).length
  return { operations: history.length, acknowledged: how('ok'), unknown: how('info'), done }
}

/** Everything at once, for as long as it is wanted. */
export async function soakHistory(
  task: Pick<Run, 'seed' | 'milliseconds' | 'dist'> & Partial<Run>,
): Promise<Checked> {
  return checkHistory({
    mix: EVERYTHING,
    mischief: MISCHIEF,
    workers: 6,
    slots: 3,
    operations: 0,
    rounds: 0,
    ...task,
  })
}
