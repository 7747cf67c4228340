import { constants } from 'node:fs'
import { errorCode, type Facts, type Io } from './io.ts'
import { Unreadable } from './layout.ts'

/** A file as it was at one moment: the facts are taken before the content, so they are never newer. */
export interface Whole {
  readonly facts: Facts
  readonly bytes: Buffer
}

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOATIME = 0 } = constants
/** A link is not followed; a pipe is not waited for. */
const READING = O_RDONLY | O_NOFOLLOW | O_NONBLOCK
/** Nor is the first look at a new file noted in its inode, which would be a write for the disk (2 us of 8). */
const UNNOTED = READING | O_NOATIME

/** How much of a file tells when the session ends, in bytes. */
const HEAD = 256
const head = Buffer.allocUnsafe(HEAD)

/**
 * Reads a regular file.
 * @param maxBytes a longer one is not read
 * @throws Unreadable
 */
export function wholeOf(path: string, maxBytes: number, io: Io): Whole {
  const fd = open(path, io)
  try {
    const facts = io.fstat(fd)
    if (!facts.isFile()) throw new Unreadable('it is not a regular file')
    if (facts.size > BigInt(maxBytes)) throw new Unreadable(`it is longer than ${maxBytes} bytes`)
    return { facts, bytes: readAll(fd, Number(facts.size), maxBytes, io) }
  } finally {
    io.close(fd)
  }
}

/** The beginning of a file, as Latin-1. */
export function headOf(path: string, io: Io): string {
  const fd = open(path, io)
  try {
    return head.toString('latin1', 0, io.read(fd, head, 0, HEAD))
  } finally {
    io.close(fd)
  }
}

function open(path: string, io: Io): number {
  try {
    return io.open(path, UNNOTED)
  } catch (error) {
    if (errorCode(error) === 'EPERM') return io.open(path, READING) // the file is another user's
    if (errorCode(error) === 'ELOOP') throw new Unreadable('it is a link')
    throw error
  }
}

function readAll(fd: number, size: number, maxBytes: number, io: Io): Buffer {
  // one byte more, to see whether the file has grown since
  const buffer = Buffer.allocUnsafe(Math.min(size, maxBytes) + 1)
  let length = 0
  while (length < buffer.length) {
    const count = io.read(fd, buffer, length, buffer.length - length)
    length += count
    // a read that is short where the file shall end has seen its end
    if (count === 0 || length === size) return buffer.subarray(0, length)
  }
  throw new Unreadable('it is being written')
}
