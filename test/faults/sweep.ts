import { constants } from 'node:fs'
import { VitrineError } from '../../src/index.ts'
import { memoryDisk, type Disk } from './disk.ts'
import type { Inode } from './inode.ts'
import { applies, FAULTS, intercepted, spoil, type Call, type Fault } from './intercept.ts'
import { pick, type Random } from './random.ts'
import { Missing, type Scene } from './scenes.ts'
import {
  copyOf,
  DIR,
  idOf,
  leftovers,
  newDisk,
  startApp,
  view,
  type App,
  type Setting,
  type View,
} from './world.ts'

/** Which operation goes wrong, and how; counted from 1. */
export type Plan = (nth: number, call: Call) => Fault | null

/** A scene that is set, to be played again and again. */
export interface Stage {
  readonly scene: Scene
  readonly setting: Setting
  readonly root: Inode
  /** The states it may be left in: the old one, the one that others make of it meanwhile, the new one. */
  readonly states: readonly View[]
  /** How many operations the act has when nothing goes wrong. */
  readonly operations: number
}

/** No call has so many operations: it would never end. */
const ENDLESS = 5000

/** A call on a disk that fails gives up within this time, in ms of its clock. */
const WITHIN = 1000

/** When one of these fails, and nothing else, a call cleans up after itself. */
const CLEAN: readonly string[] = ['read', 'write', 'fsync', 'fstat', 'lstat', 'readdir', 'entries']

/** A sweep leaves alone what is younger than this, in ms. */
const ORPHANED = 60_000

export async function setStage(scene: Scene, setting: Setting): Promise<Stage> {
  const disk = newDisk(setting.rules)
  await scene.before(startApp(disk.io, setting), disk, setting)
  const root = disk.root
  const states = [await view(memoryDisk({ ...setting.rules, root: copyOf(root) }).io, setting)]
  const played = await play({ scene, setting, root }, () => null, states)
  if (played.error) throw played.error
  states.push(await view(played.disk.io, setting))
  return { scene, setting, root, states, operations: played.operations }
}

interface Played {
  readonly disk: Disk
  readonly app: App
  /** What the call threw; `null`: it answered. */
  readonly error: Error | null
  /** The operations that went wrong. */
  readonly hits: readonly Call[]
  /** Whether a file was synced again whose sync had failed: what it held may be lost all the same. */
  readonly resynced: boolean
  readonly operations: number
  /** How long it took, in ms of the disk's clock. */
  readonly lasted: number
  /** Lets the disk work again. */
  heal(): void
}

async function play(
  { scene, setting, root }: Pick<Stage, 'scene' | 'setting' | 'root'>,
  plan: Plan,
  states: View[] = [],
): Promise<Played> {
  const disk = memoryDisk({ ...setting.rules, root: copyOf(root) })
  disk.elapsed = 1000
  let operations = 0
  const hits: Call[] = []
  let resynced = false
  let failing = true
  const io = intercepted(disk.io, (call) => {
    if (!failing) return call.go()
    if (++operations > ENDLESS) throw new Error('a call that never ends')
    resynced ||= call.name === 'fsync' && hits.some((hit) => isSame(hit, call))
    const fault = plan(operations, call)
    if (fault === null || !applies(fault, call)) return call.go()
    hits.push(call)
    return spoil(fault, call)
  })
  const app = startApp(io, setting, 10, scene.later)
  const began = disk.elapsed
  const others = async (work: (other: App) => Promise<unknown>) => {
    await work(startApp(disk.io, setting, 50))
    states.push(await view(disk.io, setting))
  }
  const error = await scene.act(app, others).then(
    () => null,
    (thrown: unknown) => thrown as Error,
  )
  const lasted = disk.elapsed - began
  const heal = () => void (failing = false)
  return { disk, app, error, hits, resynced, operations, lasted, heal }
}

function isSame(one: Call, other: Call): boolean {
  return one.name === other.name && one.args[0] === other.args[0]
}

/**
 * Plays a scene on a disk that fails as planned, and looks at everything that must hold afterwards.
 * @param lies whether the disk denies what is there: then a call may believe it, and answer
 * @returns how many operations went wrong, and how long the call took in ms of the disk's clock
 * @throws Error that says what does not hold
 */
async function strikeOnce(
  stage: Stage,
  plan: Plan,
  lies: boolean,
): Promise<{ struck: number; lasted: number }> {
  const { scene, setting, states } = stage
  const next = states.at(-1) as View
  const played = await play(stage, plan)
  const { disk, app, error, hits, operations, lasted } = played
  const struck = hits.length
  if (struck === 0) return { struck, lasted }
  demand(operations <= ENDLESS, 'the call never ends')
  demand(disk.opened() === 0, `${disk.opened()} descriptors are left open`)
  if (error !== null) checkError(error, lies)
  demand(!JSON.stringify(app.events).includes(idOf(1)), 'an event tells an id')
  demand(!played.resynced, 'a sync that failed is tried again')
  if (struck === 1 && CLEAN.includes(hits[0]!.name)) {
    const left = [...(disk.at(`${DIR}/.vitrine/tmp`)?.names.keys() ?? [])]
    demand(left.length === 0, `not cleaned up: ${left.join(', ')}`)
  }
  played.heal()

  // what another process finds
  const found = await view(disk.io, setting)
  for (const id of new Set([found, ...states].flatMap((state) => Object.keys(state)))) {
    const isKnown = states.some((state) => state[id] === found[id])
    demand(isKnown, `session ${id} is neither old nor new: ${found[id]}`)
    const isNew = found[id] === next[id]
    demand(isNew || error !== null || lies, `the call answered, but session ${id} is the old one`)
  }
  demand(scene.isSound?.(disk, found, lies) ?? true, 'what the scene promises does not hold')

  // the same process goes on, and sees what the other sees
  for (const [id, text] of Object.entries(found)) {
    const stored = await app.store.read(id)
    demand(JSON.stringify(stored?.record) === text, 'the process reads another state than others')
    const { record, version } = stored!
    const touched = await app.store.touch(id, record.expiresAt + 1, version)
    demand(touched !== null, 'the next write is refused')
  }
  const session = await app.engine.create({ after: true })
  await app.engine.flush(session)
  demand((await app.engine.retrieve(session.id)) !== null, 'the next session is not there')

  // and the sweep finds everything that was left behind
  disk.elapsed += 2 * ORPHANED
  await startApp(disk.io, setting).store.reap(0)
  const left = await leftovers(disk)
  demand(left.length === 0, `left behind: ${left.join(', ')}`)
  demand(disk.opened() === 0, 'descriptors are left open in the end')
  return { struck, lasted }
}

/** A disk that denies what is there is believed. */
const LIES: readonly Fault[] = ['ENOENT', 'EEXIST']

/** Fails each operation of a scene in turn. @returns how many failed */
export async function strikeEach(stage: Stage, faults: readonly Fault[]): Promise<number> {
  let count = 0
  for (const fault of faults) {
    for (let n = 1; n <= stage.operations; n++) {
      const plan: Plan = (nth) => (nth === n ? fault : null)
      count += (await strike(stage, plan, LIES.includes(fault), `${fault} at operation ${n}`))
        .struck
    }
  }
  return count
}

/** Fails two operations of a scene, chosen by chance, so many times. @returns how many failed */
export async function strikePairs(stage: Stage, random: Random, times: number): Promise<number> {
  let count = 0
  for (let time = 0; time < times; time++) {
    const first = 1 + random(stage.operations)
    const second = first + 1 + random(10)
    const faults = [pick(random, FAULTS), pick(random, FAULTS)] as const
    const plan: Plan = (nth) => (nth === first ? faults[0] : nth === second ? faults[1] : null)
    const lies = faults.some((fault) => LIES.includes(fault))
    const where = `${faults[0]} at operation ${first}, ${faults[1]} at ${second}`
    count += (await strike(stage, plan, lies, where)).struck
  }
  return count
}

/** What a whole disk or process can suffer from, and which operations it hits. */
export const STATES: Readonly<Record<string, (call: Call) => Fault | null>> = {
  'a broken disk': () => 'EIO',
  'a full disk': (call) => (isAdding(call) ? 'ENOSPC' : null),
  'a used-up quota': (call) => (isAdding(call) ? 'EDQUOT' : null),
  'a disk that takes nothing': ({ name }) => (name === 'write' ? 'none' : null),
  'a read-only disk': (call) => (isAdding(call) || isRemoving(call) ? 'EROFS' : null),
  'no descriptors left': ({ name }) => (OPENING.includes(name) ? 'EMFILE' : null),
  'a folder that lets nothing be moved': ({ name }) => (name === 'rename' ? 'EPERM' : null),
  'a folder that lets nothing be made': ({ name }) => (name === 'mkdir' ? 'EACCES' : null),
  'a folder that lets nothing be removed': (call) => (isRemoving(call) ? 'EPERM' : null),
  'a folder that lets nothing be listed': ({ name }) => (name === 'readdir' ? 'EACCES' : null),
  'locks that cannot be made': ({ name, args }) =>
    name === 'rename' && String(args[0]).endsWith('.lock') ? 'EPERM' : null,
}

const OPENING: readonly string[] = ['open', 'readdir', 'entries']

function isAdding({ name, args }: Call): boolean {
  if (name === 'open') return ((args[1] as number) & constants.O_CREAT) !== 0
  return name === 'write' || name === 'mkdir' || name === 'rename'
}

function isRemoving({ name }: Call): boolean {
  return name === 'unlink' || name === 'rmdir'
}

/** Lets the disk fall into a state at each operation of a scene, and stay in it. @returns how many operations failed */
export async function strikeFrom(stage: Stage, state: string): Promise<number> {
  let count = 0
  for (let n = 1; n <= stage.operations; n++) {
    const plan: Plan = (nth, call) => (nth >= n ? STATES[state]!(call) : null)
    const { struck, lasted } = await strike(stage, plan, false, `${state} from operation ${n}`)
    demand(lasted <= WITHIN, `${stage.scene.name}, ${state} from ${n}: it took ${lasted} ms`)
    count += struck
  }
  return count
}

async function strike(stage: Stage, plan: Plan, lies: boolean, where: string) {
  return telling(stage, where, () => strikeOnce(stage, plan, lies))
}

/** Says where it happened. */
async function telling<T>({ scene, setting }: Stage, where: string, work: () => Promise<T>) {
  try {
    return await work()
  } catch (error) {
    const { format, durability } = setting
    const told = `${scene.name} (${format}, ${durability}), ${where}`
    throw new Error(`${told}: ${(error as Error).message}`, { cause: error })
  }
}

function checkError(error: unknown, lies: boolean): void {
  if (error instanceof Missing) {
    demand(lies, 'a session that is there is not found')
    return
  }
  demand(error instanceof VitrineError, `the call threw no error of ours: ${String(error)}`)
  const { code, message, cause } = error as VitrineError
  const known = code === 'STORE' || (lies && (code === 'CONFLICT' || code === 'DESTROYED'))
  demand(known, `the error's code is ${code}: ${message}`)
  if (code === 'STORE') demand(cause instanceof Error, `the error has no cause: ${message}`)
  const told = `${message} ${String(cause)} ${JSON.stringify(cause ?? null)}`
  for (const nth of [1, 2, 3, 10])
    demand(!told.includes(idOf(nth)), `an error tells an id: ${told}`)
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}
