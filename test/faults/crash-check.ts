import type { Store } from '../../src/index.ts'
import type { CrashLog, Moment } from './crash-log.ts'
import { memoryDisk, type Disk } from './disk.ts'
import { crashStates, type Model } from './crash-states.ts'
import type { Random } from './random.ts'
import { DIR, openStore, type Setting } from './world.ts'

/** A lease, and the short waits around it, in ms of the disk's clock. */
const SOON = 1500

/** One in so many disks is also written to, and swept. */
const RECOVERED = 4

/** How many crashes there were, and what was found after them. */
export interface Tally {
  states: number
  /** How many of them differ: so many disks were read. */
  distinct: number
  /** How many of these were also written to, and swept. */
  recovered: number
  /** Of the sessions on the different disks: as it should be; an earlier state; none, though there should be one. */
  promised: number
  earlier: number
  missing: number
}

export function newTally(): Tally {
  return { states: 0, distinct: 0, recovered: 0, promised: 0, earlier: 0, missing: 0 }
}

/**
 * Lets a machine crash after each operation, in every way that a model knows, and looks at what is left.
 * @throws Error that says what does not hold
 */
export async function crash(
  log: CrashLog,
  model: Model,
  random: Random,
  tally: Tally,
): Promise<void> {
  const seen = new Map<Moment, Set<number>>()
  for (const { prefix, key, build } of crashStates(log, model, random)) {
    tally.states++
    const moment = log.moment(prefix)
    let keys = seen.get(moment)
    if (!keys) seen.set(moment, (keys = new Set()))
    if (keys.has(key)) continue
    keys.add(key)
    tally.distinct++
    try {
      const disk = memoryDisk({ root: build() })
      const { store, ids } = await look(disk, moment, log.setting, model, tally)
      if (tally.distinct % RECOVERED === 0) {
        await recover(disk, store, ids)
        tally.recovered++
      }
    } catch (error) {
      const { format, durability } = log.setting
      const where = `${format}, ${durability}, ${model}, ${moment.name}, after operation ${prefix}`
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
    }
  }
}

/** Opens a disk with a new store, and looks at what is there. */
async function look(disk: Disk, moment: Moment, setting: Setting, model: Model, tally: Tally) {
  const { states, past } = moment
  // the lease of a lock is waited for in few steps
  const io = { ...disk.io, sleep: (ms: number) => disk.io.sleep(ms * 20) }
  const store = openStore(io, setting)
  await store.init(() => {})
  const found: Record<string, string> = {}
  const ids = new Set([...states, ...past].flatMap((state) => Object.keys(state)))
  for (const id of ids) {
    const stored = await store.read(id)
    if (stored) found[id] = JSON.stringify(stored.record)
    if (states.some((state) => state[id] === found[id])) tally.promised++
    else if (model === 'kill' || setting.durability === 'power') {
      throw new Error(
        `a session is ${found[id]}, and should be ${states.map((state) => state[id]).join(' or ')}`,
      )
    } else if (!stored) tally.missing++
    else if (past.some((state) => state[id] === found[id])) tally.earlier++
    else throw new Error(`a session was never ${found[id]}`)
  }
  if ((model === 'kill' || setting.durability === 'power') && !moment.isSound(found)) {
    throw new Error(`what the call promises does not hold: ${JSON.stringify(found)}`)
  }
  return { store, ids }
}

/** Whatever was left behind: the next write goes through, and the sweep cleans up. */
async function recover(disk: Disk, store: Required<Store>, ids: Set<string>): Promise<void> {
  const began = disk.elapsed
  for (const id of ids) {
    const stored = await store.read(id)
    const record = { data: { next: true }, createdAt: 1, expiresAt: 9e15, revision: 1 }
    if ((await store.write(id, record, stored?.version ?? null)) === null) {
      throw new Error('the next write is refused')
    }
  }
  if (disk.elapsed - began > SOON * ids.size) throw new Error('the next writes take too long')
  disk.elapsed += 120_000
  await store.reap(0)
  const left = [...disk.at(`${DIR}/.vitrine/tmp`)!.names.keys()]
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`)
  if (disk.opened() > 0) throw new Error('descriptors are left open')
}
