import { expect, it } from 'vitest'
import { VitrineError } from '../../core/errors.ts'
import { Failure, failureOf } from './failure.ts'

const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })

it.each([
  ['a bad option', new VitrineError('CONFIG', 'x'), 2],
  ['a denied file', denied, 4],
  ['a store that was denied its file', new VitrineError('STORE', 'x', denied), 4],
  ['a conflict', new VitrineError('CONFLICT', 'x'), 5],
  ['data that JSON cannot hold', new VitrineError('INVALID', 'x'), 6],
  ['data over the bound', new VitrineError('TOO_LARGE', 'x'), 6],
  ['a broken store', new VitrineError('STORE', 'x'), 7],
  ['a missing package', new VitrineError('MISSING_PACKAGE', 'x'), 1],
  ['anything else', new Error('x'), 1],
  ['no error at all', 'x', 1],
])('%s ends the program with %#', (_, error, exit) => {
  expect(failureOf(error).exit).toBe(exit)
})

it('a failure stays what it is', () => {
  const failure = new Failure(3, 'x', { hint: 'y' })
  expect(failureOf(failure)).toBe(failure)
})
