import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { EXIT, Failure } from './failure.ts'

/**
 * The bytes of a regular file. A link is not followed, and a pipe or a device not waited for.
 * @throws Failure with exit code 6 when it is none
 */
export function rawBytes(path: string): Uint8Array {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  const fd = openFile()
  try {
    if (!fstatSync(fd).isFile()) throw notRegular()
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }

  function openFile(): number {
    try {
      return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw code === 'ELOOP' || code === 'ENXIO' ? notRegular() : error
    }
  }
}

function notRegular(): Failure {
  return new Failure(EXIT.invalid, 'Cannot read the session: it is not a regular file')
}
