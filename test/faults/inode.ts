import { constants as system } from 'node:os'
import type { Facts } from '../../src/files.ts'

/** One file, directory or link of a disk in memory. */
export interface Inode {
  readonly kind: 'file' | 'directory' | 'link'
  readonly ino: number
  readonly mode: number
  /** The content, or where a link leads. Never changed: each write makes another. */
  bytes: Buffer
  readonly names: Map<string, Inode>
  /** When the content, and when anything, was changed, in ms since the epoch. */
  modified: number
  changed: number
}

const MODES = { file: 0o100000, directory: 0o040000, link: 0o120000 } as const
const NOTHING = Buffer.alloc(0)

export function newInode(kind: Inode['kind'], ino: number, mode: number, at: number): Inode {
  return { kind, ino, mode, bytes: NOTHING, names: new Map(), modified: at, changed: at }
}

export function factsOf({ kind, ino, mode, bytes, modified, changed }: Inode): Facts {
  return {
    ino: BigInt(ino),
    size: BigInt(bytes.length),
    mode: BigInt(MODES[kind] | mode),
    uid: 0n,
    mtimeMs: BigInt(Math.floor(modified)),
    mtimeNs: BigInt(Math.round(modified * 1e6)),
    ctimeNs: BigInt(Math.round(changed * 1e6)),
    isFile: () => kind === 'file',
    isDirectory: () => kind === 'directory',
  }
}

/** A name in a directory. */
export interface Place {
  readonly directory: Inode
  readonly name: string
}

/** What a lookup finds: a place, or the code of the error. */
export function lookUp(root: Inode, path: string, folds: boolean): Place | 'ENOENT' | 'ENOTDIR' {
  const names = path.split('/')
  let directory = root
  const last = names.length - 1
  for (let at = 1; at < last; at++) {
    const inode = directory.names.get(keyOf(names[at] as string, folds))
    if (!inode) return 'ENOENT'
    if (inode.kind === 'link') {
      return lookUp(root, [inode.bytes.toString(), ...names.slice(at + 1)].join('/'), folds)
    }
    if (inode.kind !== 'directory') return 'ENOTDIR'
    directory = inode
  }
  return { directory, name: keyOf(names[last] as string, folds) }
}

/** What a name is to the disk. */
function keyOf(name: string, folds: boolean): string {
  return folds ? name.toLowerCase().replace(/[. ]+$/, '') : name
}

/** An error of the system, as Node throws it: the message holds the path. */
export function failure(code: string, syscall: string, path = ''): NodeJS.ErrnoException {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0 // there are hundreds of thousands of them
  const error = new Error(`${code}: refused, ${syscall} '${path}'`)
  Error.stackTraceLimit = limit
  const errno = -(system.errno as Record<string, number | undefined>)[code]!
  return Object.assign(error, { code, errno, syscall, path })
}
