import { describe, expect, it } from 'vitest'
import { mergedHeader } from './headers.ts'

describe('Set-Cookie', () => {
  it.each([
    [[], ['id=new; Path=/']],
    [['theme=dark'], ['theme=dark', 'id=new; Path=/']],
    [
      ['id=old; Path=/', 'ID=other', ' id =old'],
      ['ID=other', 'id=new; Path=/'],
    ],
    [
      ['idx=1', 'theme=id=2'],
      ['idx=1', 'theme=id=2', 'id=new; Path=/'],
    ],
  ])('%j becomes %j', (said, sent) => {
    expect(mergedHeader('Set-Cookie', said, 'id=new; Path=/')).toEqual(sent)
  })
})

describe('Vary', () => {
  it.each([
    [[], 'Cookie'],
    [['Accept'], 'Accept, Cookie'],
    [['Accept', 'Origin,Range'], 'Accept, Origin, Range, Cookie'],
    [['accept, cookie'], 'accept, cookie'],
    [['*'], '*'],
    [['X-Cookie'], 'X-Cookie, Cookie'],
  ])('%j becomes %s', (said, sent) => {
    expect(mergedHeader('vary', said, 'Cookie')).toEqual([sent])
  })
})

describe('Cache-Control', () => {
  it.each([
    [[], 'private'],
    [['private'], 'private'],
    [['Private, max-age=60'], 'Private, max-age=60'],
    [['no-store'], 'no-store'],
    [['no-cache'], 'no-cache, private'],
    [['max-age=60'], 'max-age=60, private'],
    [['public, max-age=60, s-maxage=600'], 'max-age=60, private'],
    [['PUBLIC', 'max-age=1'], 'max-age=1, private'],
    [['private="x-user, x-role", max-age=1'], 'private="x-user, x-role", max-age=1, private'],
    [['no-cache="public, no-store"'], 'no-cache="public, no-store", private'],
    [['ext="a\\", private"'], 'ext="a\\", private", private'],
    [['max-age=1, ext="open'], 'max-age=1, ext="open, private'],
    [[''], 'private'],
  ])('%j becomes %s', (said, sent) => {
    expect(mergedHeader('cache-control', said, 'private')).toEqual([sent])
  })
})

it('any other header is the session’s', () => {
  expect(mergedHeader('x-ticket', ['old', 'older'], 'new')).toEqual(['new'])
})
