import { constants } from 'node:os'
import { VitrineError } from '../../core/errors.ts'
import { errorCode } from './io.ts'

const PLAIN: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the process may not write files of that size',
  EIO: 'the disk reports an error',
  ELOOP: 'a link on the way leads back to itself',
  EMFILE: 'the process has too many open files',
  ENFILE: 'the system has too many open files',
  ENOENT: 'a part of the path is missing',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a directory',
  EPERM: 'permission is denied',
  EROFS: 'the disk is read-only',
}

/**
 * Says what a failed file operation means. The system's own error names the file, and so the session's id: only
 * its code, number and call are kept.
 */
export function storeError(what: string, error: unknown): VitrineError {
  if (error instanceof VitrineError) return error
  const { errno, syscall } = (error ?? {}) as NodeJS.ErrnoException
  // the one error of these that Node has no name for
  const code = errno === -constants.errno.EDQUOT ? 'EDQUOT' : errorCode(error)
  if (code === '') return new VitrineError('STORE', `Cannot ${what}`, error)
  const cause = Object.assign(new Error(`${code}: ${syscall ?? 'file operation'}`), {
    code,
    errno,
    syscall,
  })
  return new VitrineError(
    'STORE',
    `Cannot ${what}: ${PLAIN[code] ?? 'the system refuses'} (${code})`,
    cause,
  )
}

/** Runs a store operation; its errors come out as `VitrineError`. What is done at once costs one promise. */
export function failing<T>(what: string, operation: () => T | Promise<T>): Promise<T> {
  const refuse = (error: unknown): never => {
    throw storeError(what, error)
  }
  try {
    const result = operation()
    return result instanceof Promise ? result.catch(refuse) : Promise.resolve(result)
  } catch (error) {
    return Promise.reject(storeError(what, error))
  }
}
