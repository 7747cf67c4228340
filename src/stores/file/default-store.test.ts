import { expect, it } from 'vitest'
import * as withFiles from './default-store.ts'
import * as withoutFiles from './no-default-store.ts'

it('what stands for the default store where there are no files has its names, and says so when it is opened', () => {
  expect(Object.keys(withoutFiles)).toEqual(Object.keys(withFiles))
  expect(withFiles.defaultStore()).toHaveProperty('read')
  const { init } = withoutFiles.defaultStore()
  expect(init).toThrow(expect.objectContaining({ code: 'CONFIG' }))
})
