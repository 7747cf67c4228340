import { expect, it } from 'vitest'
import * as withFiles from './default-store.ts'
import * as withoutFiles from './no-default-store.ts'

it('what stands for the default store where there are no files has its names, and gives none', () => {
  expect(Object.keys(withoutFiles)).toEqual(Object.keys(withFiles))
  expect(withFiles.defaultStore()).not.toBeNull()
  expect(withoutFiles.defaultStore()).toBeNull()
})
