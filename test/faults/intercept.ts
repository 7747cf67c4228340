import type { Io } from '../../src/files.ts'
import { failure } from './inode.ts'

/** The operations that reach the disk. */
export const OPERATIONS = [
  'open',
  'close',
  'read',
  'write',
  'fsync',
  'fstat',
  'lstat',
  'rename',
  'unlink',
  'discard',
  'mkdir',
  'rmdir',
  'readdir',
  'entries',
] as const

export type Operation = (typeof OPERATIONS)[number]

/** One operation that is about to be done. */
export interface Call {
  readonly name: Operation
  readonly args: readonly unknown[]
  /** Does it, possibly with other arguments. */
  go(...args: readonly unknown[]): unknown
}

/** Puts something between the store and its disk. What `around` returns or throws is the answer. */
export function intercepted(io: Io, around: (call: Call) => unknown): Io {
  const result: Record<string, unknown> = { ...io }
  for (const name of OPERATIONS) {
    const operation = io[name] as (...args: readonly unknown[]) => unknown
    result[name] = (...args: readonly unknown[]) =>
      around({ name, args, go: (...other) => operation(...(other.length > 0 ? other : args)) })
  }
  return result as unknown as Io
}

/** What an operation is refused with. */
export const CODES = [
  'EIO',
  'ENOSPC',
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOENT',
  'EEXIST',
  'EISDIR',
  'EINTR',
  'ESTALE',
  'EBUSY',
] as const

/** A code; or only a part is read or written; or nothing; or it is done but said to have failed. */
export const FAULTS = [...CODES, 'short', 'none', 'done'] as const

export type Fault = (typeof FAULTS)[number]

/** Whether an operation can go wrong in this way. */
export function applies(fault: Fault, { name, args }: Call): boolean {
  if (fault === 'short') return (name === 'read' || name === 'write') && (args[3] as number) > 1
  if (fault === 'none') return name === 'write'
  if (fault === 'done')
    return ['rename', 'unlink', 'discard', 'mkdir', 'rmdir', 'fsync'].includes(name)
  return true
}

/** An operation goes wrong. */
export function spoil(fault: Fault, call: Call): unknown {
  const { name, args } = call
  if (fault === 'none') return 0
  if (fault === 'short') {
    const [fd, buffer, offset, length] = args as [number, Buffer, number, number]
    return call.go(fd, buffer, offset, Math.ceil(length / 2))
  }
  if (fault === 'done' || name === 'close') call.go() // as on Linux, a close that fails has closed
  if (fault === 'ENOENT' && name === 'lstat') return undefined
  throw failure(fault === 'done' ? 'EIO' : fault, name, String(args[0]))
}
