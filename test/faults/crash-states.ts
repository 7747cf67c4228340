import type { CrashLog } from './crash-log.ts'
import { newInode, type Inode } from './inode.ts'
import type { Random } from './random.ts'
import { DIR } from './world.ts'

/**
 * What a cut of the power may leave on a disk. In all models a file's content is there for certain once it was
 * synced; what was not may be there, in part, or not. They differ in the names that were not synced:
 * - `ordered`: like a journal: all of them up to some moment; any sync brings everything before it
 * - `posix`: of each directory all up to some moment, whatever the other directories hold
 * - `reordering`: any of them
 *
 * `kill` is no power cut: everything that was done is there.
 */
export type Model = 'kill' | 'ordered' | 'posix' | 'reordering'

/** One state after a crash. */
export interface CrashState {
  /** How many operations had been done. */
  readonly prefix: number
  /** Equal for equal disks. */
  readonly key: number
  /** Makes the disk. */
  build(): Inode
}

/** Names that reach the disk together. */
interface Unit {
  readonly at: number
  readonly changes: readonly { directory: Inode; name: string; inode: Inode | null }[]
}

type Names = Map<Inode, Map<string, Inode>>

/** So many choices of names are tried one by one, and of contents for each; of more, as many by chance. */
const NAMES = 8192
const CONTENTS = 48
const SECTOR = 512
const EMPTY = Buffer.alloc(0)

/** Every state that a crash may leave, after every prefix of what was done. */
export function* crashStates(log: CrashLog, model: Model, random: Random): Generator<CrashState> {
  for (let prefix = 0; prefix <= log.effects.length; prefix++) {
    const { names: base, pending } = durableNames(log, model, prefix)
    const contents = new Map<Inode, readonly Buffer[]>()
    const contentsOf = (inode: Inode) => {
      const known = contents.get(inode) ?? possibleContents(log, model, prefix, inode)
      contents.set(inode, known)
      return known
    }
    // where files are not synced, their contents make more states than the names do
    const limit = log.setting.durability === 'power' ? NAMES : CONTENTS
    for (const chosen of choices(pending, model, limit, random)) {
      const names = withUnits(base, chosen)
      const seen = summary(log.root, names)
      // of the sessions' files, each content that may be there; of others it does not matter
      const torn = seen.sessions.filter((inode) => contentsOf(inode).length > 1)
      for (const picked of combinations(torn.map(contentsOf), CONTENTS, random)) {
        const at = new Map(torn.map((inode, nth) => [inode, picked[nth] as number]))
        let key = seen.key
        for (const [inode, nth] of at) key = (key + seedOf(inode) * (nth + 1) * 7919) % 2 ** 52
        yield {
          prefix,
          key,
          build: () => built(log.root, names, (inode) => contentsOf(inode)[at.get(inode) ?? 0]!),
        }
      }
    }
  }
}

/** The names that are on the disk for certain, and those that may be. */
function durableNames({ effects }: CrashLog, model: Model, prefix: number) {
  const names: Names = new Map()
  const pending: Unit[] = []
  const done = effects.slice(0, prefix)
  const lastSync = done.findLastIndex(({ kind }) => kind === 'sync')
  for (const [at, effect] of done.entries()) {
    if (effect.kind !== 'names') continue
    // a rename is one step, or two: the new name, and the old one gone; no directory has two names
    const isWhole =
      model === 'kill' || model === 'ordered' || effect.changes.at(-1)!.inode?.kind === 'directory'
    const parts = isWhole
      ? [effect.changes]
      : byDirectory(effect.changes, ({ directory }) => directory)
    for (const changes of parts) {
      const { directory } = changes.at(-1)!
      const isSynced = (later: (typeof effects)[number]) =>
        later.kind === 'sync' && later.inode === directory
      const isDurable =
        model === 'kill' || (model === 'ordered' ? at < lastSync : done.slice(at).some(isSynced))
      if (isDurable) apply(names, changes)
      else pending.push({ at, changes })
    }
  }
  return { names, pending }
}

/** Which of the pending names may be on the disk. */
function* choices(
  units: readonly Unit[],
  model: Model,
  limit: number,
  random: Random,
): Generator<readonly Unit[]> {
  if (model === 'reordering') {
    if (2 ** units.length <= limit) {
      for (let mask = 0; mask < 2 ** units.length; mask++) {
        yield units.filter((_, nth) => (mask >> nth) & 1)
      }
    } else {
      for (let n = 0; n < limit; n++) yield units.filter(() => random(2) === 1)
    }
    return
  }
  const groups =
    model === 'posix' ? byDirectory(units, ({ changes }) => changes.at(-1)!.directory) : [units]
  const lengths = groups.map((group) => Array.from({ length: group.length + 1 }, (_, n) => n))
  for (const cut of combinations(lengths, limit, random)) {
    yield groups.flatMap((group, nth) => group.slice(0, cut[nth])).sort((a, b) => a.at - b.at)
  }
}

/** Every way to take one of each, as places; when there are too many, some by chance. */
function* combinations(
  of: readonly (readonly unknown[])[],
  limit: number,
  random: Random,
): Generator<number[]> {
  const count = of.reduce((product, { length }) => product * length, 1)
  for (let n = 0; n < Math.min(count, limit); n++) {
    let rest = n
    yield of.map(({ length }) => {
      if (count > limit) return random(length)
      const nth = rest % length
      rest = Math.floor(rest / length)
      return nth
    })
  }
}

function byDirectory<T>(items: readonly T[], directoryOf: (item: T) => Inode): T[][] {
  const groups = new Map<Inode, T[]>()
  for (const item of items) {
    const directory = directoryOf(item)
    groups.set(directory, [...(groups.get(directory) ?? []), item])
  }
  return [...groups.values()]
}

function apply(names: Names, changes: Unit['changes']): void {
  for (const { directory, name, inode } of changes) {
    let entries = names.get(directory)
    if (!entries) names.set(directory, (entries = new Map(directory.names)))
    if (inode) entries.set(name, inode)
    else entries.delete(name)
  }
}

function withUnits(base: Names, units: readonly Unit[]): Names {
  const names: Names = new Map()
  for (const [directory, entries] of base) names.set(directory, new Map(entries))
  for (const { changes } of units) apply(names, changes)
  return names
}

/** Sums up what can be reached, whatever order the names have. */
function summary(root: Inode, names: Names): { key: number; sessions: Inode[] } {
  let key = 0
  const sessions: Inode[] = []
  const walk = (directory: Inode, path: string) => {
    for (const [name, inode] of names.get(directory) ?? directory.names) {
      key = (key + hash(`${path}/${name}`) * seedOf(inode)) % 2 ** 52
      if (inode.kind === 'directory') walk(inode, `${path}/${name}`)
      else if (path === DIR && name !== '.gitignore') sessions.push(inode)
    }
  }
  walk(root, '')
  return { key, sessions }
}

const hashes = new Map<string, number>()
function hash(text: string): number {
  let known = hashes.get(text)
  if (known === undefined) {
    known = 0
    for (let at = 0; at < text.length; at++) known = (known * 131 + text.charCodeAt(at)) % 2 ** 26
    hashes.set(text, known)
  }
  return known
}

const seeds = new WeakMap<Inode, number>()
let lastSeed = 1
function seedOf(inode: Inode): number {
  let seed = seeds.get(inode)
  if (seed === undefined)
    seeds.set(inode, (seed = (lastSeed = (lastSeed * 48_271) % 0x7fffffff) % 2 ** 26))
  return seed
}

/** What a file may hold after the crash; what was written last comes first. */
function possibleContents(log: CrashLog, model: Model, prefix: number, inode: Inode): Buffer[] {
  const done = log.effects.slice(0, prefix)
  const writes = done.filter((effect) => effect.kind === 'bytes' && effect.inode === inode)
  const last = writes.at(-1)
  if (last?.kind !== 'bytes') return [inode.bytes]
  const isSynced = done
    .slice(done.indexOf(last))
    .some((effect) => effect.kind === 'sync' && effect.inode === inode)
  if (model === 'kill' || isSynced) return [last.bytes]
  if (model === 'ordered') return [last.bytes, EMPTY]
  const { bytes } = last
  const found = [bytes, EMPTY, Buffer.alloc(bytes.length)]
  for (const cut of cutsOf(bytes)) found.push(bytes.subarray(0, cut))
  for (let cut = 0; cut < bytes.length; cut += SECTOR) {
    const head = bytes.subarray(0, cut)
    const rest = bytes.length - cut
    found.push(
      Buffer.concat([head, Buffer.alloc(rest)]),
      Buffer.concat([head, Buffer.alloc(rest, 0xa7)]),
    )
    found.push(
      Buffer.concat([Buffer.alloc(Math.min(SECTOR, cut)), bytes.subarray(Math.min(SECTOR, cut))]),
    )
  }
  return found
}

/** Where a file may end too early: at each line, and here and there within. */
function cutsOf(bytes: Buffer): number[] {
  const cuts = new Set([1, bytes.length - 2, bytes.length - 1])
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) cuts.add(at).add(at + 1)
  for (let nth = 1; nth < 8; nth++) cuts.add(Math.floor((bytes.length * nth) / 8))
  return [...cuts].filter((cut) => cut > 0 && cut < bytes.length)
}

function built(root: Inode, names: Names, contentOf: (inode: Inode) => Buffer): Inode {
  const copies = new Map<Inode, Inode>()
  const copy = (inode: Inode): Inode => {
    const known = copies.get(inode)
    if (known) return known
    const made = newInode(inode.kind, inode.ino, inode.mode, inode.changed)
    copies.set(inode, made)
    if (inode.kind === 'directory') {
      for (const [name, inner] of names.get(inode) ?? inode.names) made.names.set(name, copy(inner))
    } else made.bytes = contentOf(inode)
    return made
  }
  return copy(root)
}
