import { memoryDisk, type Disk, type Effect } from './disk.ts'
import { newInode, type Inode } from './inode.ts'
import { copyOf, view, type Setting, type View } from './world.ts'

/** One step of a plot: a call that answers, or one that is cut off. */
export interface Step {
  readonly name: string
  run(disk: Disk): Promise<unknown>
  /** The process was killed on the way: what it wanted may be there or not. */
  readonly cutOff?: true
  /** Which mixtures of the old and the new state of several sessions are fine. Default: all. */
  isSound?(found: View): boolean
}

/** What a moment allows. */
export interface Moment {
  /** The states of which each session may have one. All of them acknowledged, or still under way. */
  readonly states: readonly View[]
  /** Every state before. */
  readonly past: readonly View[]
  isSound(found: View): boolean
  /** Which step it is in. */
  readonly name: string
}

/** Everything that was done to a disk, in order, and what had been promised at each moment. */
export interface CrashLog {
  readonly setting: Setting
  /** The tree at the start, all of it on the disk for certain. */
  readonly root: Inode
  readonly effects: readonly Effect[]
  /** What must hold after the first so many effects. */
  moment(prefix: number): Moment
}

/** Runs a plot on a disk and writes down what it does. */
export async function record(
  setting: Setting,
  disk: Disk,
  effects: Effect[],
  steps: readonly Step[],
): Promise<CrashLog> {
  const root = copyOf(disk.root)
  const twins = twinsOf(disk.root, root)
  const look = () => view(memoryDisk({ root: copyOf(disk.root) }).io, setting)
  const always = () => true
  const acts: { readonly end: number; readonly under: Moment; readonly done: Moment }[] = []
  let states: readonly View[] = [await look()]
  const past: View[] = [...states]
  for (const { name, run, cutOff, isSound = always } of steps) {
    await run(disk)
    const next = await look()
    const under = { name, states: [...states, next], past: [...past], isSound }
    past.push(next)
    states = cutOff ? under.states : [next]
    const done = { name: `${name}, done`, states, past: [...past], isSound }
    acts.push({ end: effects.length, under, done })
  }
  return {
    setting,
    root,
    effects: effects.map((effect) => translated(effect, twins)),
    moment(prefix) {
      const done = acts.findLast(({ end }) => end === prefix)?.done
      return done ?? acts.find(({ end }) => end > prefix)!.under
    },
  }
}

/** Which inode of the copy stands for which. */
function twinsOf(from: Inode, to: Inode, twins = new Map<Inode, Inode>()): Map<Inode, Inode> {
  twins.set(from, to)
  for (const [name, inner] of from.names) twinsOf(inner, to.names.get(name)!, twins)
  return twins
}

function translated(effect: Effect, twins: Map<Inode, Inode>): Effect {
  if (effect.kind !== 'names') return { ...effect, inode: twinOf(effect.inode, twins) }
  return {
    kind: 'names',
    changes: effect.changes.map(({ directory, name, inode }) => ({
      directory: twinOf(directory, twins),
      name,
      inode: inode && twinOf(inode, twins),
    })),
  }
}

/** The twin of one that was made later begins empty. */
function twinOf(inode: Inode, twins: Map<Inode, Inode>): Inode {
  let twin = twins.get(inode)
  if (!twin) twins.set(inode, (twin = newInode(inode.kind, inode.ino, inode.mode, inode.changed)))
  return twin
}
