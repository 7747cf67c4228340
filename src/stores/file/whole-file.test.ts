import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeIo, type Io } from './io.ts'
import { headOf, wholeOf } from './whole-file.ts'

let file: string
beforeEach(() => {
  file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-')), 'session')
  fs.writeFileSync(file, '{ "n": 1 }')
})
afterEach(() => fs.rmSync(path.dirname(file), { recursive: true }))

it.skipIf(process.platform !== 'linux')('a look leaves no trace in the file', () => {
  const before = new Date('2026-01-01T00:00:00Z') // beyond the day after which every mount notes it
  fs.utimesSync(file, before, new Date())
  expect(headOf(file, nodeIo)).toBe('{ "n": 1 }')
  expect(wholeOf(file, 100, nodeIo).bytes.toString()).toBe('{ "n": 1 }')
  expect(fs.statSync(file).atimeMs).toBe(before.getTime())
})

it('a file of another user, which is not to be looked at so, is read all the same', () => {
  const { O_NOATIME = 0 } = fs.constants
  const refused = Object.assign(new Error('EPERM: open'), { code: 'EPERM' })
  const io: Io = {
    ...nodeIo,
    open(name, flags, mode) {
      if (flags & O_NOATIME) throw refused
      return nodeIo.open(name, flags, mode)
    },
  }
  expect(wholeOf(file, 100, io).bytes.toString()).toBe('{ "n": 1 }')
  expect(() =>
    wholeOf(file, 100, {
      ...io,
      open: () => {
        throw refused
      },
    }),
  ).toThrow(refused)
})
