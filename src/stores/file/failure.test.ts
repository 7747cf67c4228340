import { constants } from 'node:os'
import { expect, it } from 'vitest'
import { VitrineError } from '../../core/errors.ts'
import { failing, storeError } from './failure.ts'

const system = (code: string, errno: number): Error =>
  Object.assign(new Error(`${code}: write '/srv/sessions/secret-id.json'`), {
    code,
    errno,
    syscall: 'write',
    path: '/srv/sessions/secret-id.json',
  })

it('says what the system’s code means, and names no file', () => {
  const error = storeError('write a session', system('ENOSPC', -28))
  expect(error).toMatchObject({ code: 'STORE', cause: { code: 'ENOSPC', errno: -28 } })
  expect(error.message).toBe('Cannot write a session: the disk is full (ENOSPC)')
  expect(JSON.stringify(error.cause) + String(error.cause)).not.toContain('secret-id')
  expect(storeError('x', system('EWHAT', -999)).message).toBe(
    'Cannot x: the system refuses (EWHAT)',
  )
})

it('knows a used-up quota, which Node has no name for', () => {
  const number = -constants.errno.EDQUOT
  const error = storeError('write a session', system(`Unknown system error ${number}`, number))
  expect(error.message).toBe('Cannot write a session: the disk quota is used up (EDQUOT)')
  expect(error.cause).toMatchObject({ code: 'EDQUOT' })
})

it('leaves alone what is no system error', async () => {
  const own = new VitrineError('TOO_LARGE', 'Cannot store it')
  expect(storeError('x', own)).toBe(own)
  expect(storeError('x', null)).toMatchObject({ code: 'STORE', message: 'Cannot x' })
  const nameless = { code: 'E', errno: -1 }
  expect(storeError('x', nameless).cause).toMatchObject({ message: 'E: file operation' })
  await expect(failing('x', () => Promise.reject(own))).rejects.toBe(own)
  await expect(failing('x', () => 1)).resolves.toBe(1)
})
