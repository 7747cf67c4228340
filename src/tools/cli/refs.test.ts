import { describe, expect, it } from 'vitest'
import { distinctLength, refsIn } from './refs.ts'

describe('references on standard input', () => {
  it.each([
    ['ids, one a line', 'aaaa\nbbbb\r\n\n'],
    ['a JSON array of ids', '["aaaa", "bbbb"]'],
    ['a JSON array of sessions', '[{"id":"aaaa"},\n{"id":"bbbb","data":{}}]'],
    ['a JSON document a line', '{"id":"aaaa","data":{"n":1}}\n{"id":"bbbb"}\n'],
    ['what ls prints into a pipe', 'aaaa\tada\tcart\nbbbb\t\t\n'],
  ])('may be %s', (_, text) => {
    expect(refsIn(text)).toEqual(['aaaa', 'bbbb'])
  })

  it('may be one session as JSON', () => {
    expect(refsIn('{\n  "id": "aaaa"\n}\n')).toEqual(['aaaa'])
  })

  it('may be nothing', () => {
    expect(refsIn(' \n')).toEqual([])
  })

  it.each(['[1]', '[{}]', '{"data":1}', '{"id":""}', '{broken'])('may not be %s', (text) => {
    expect(() => refsIn(text)).toThrow('Cannot read')
  })
})

it('tells how many characters make ids distinct', () => {
  expect(distinctLength(['abcd', 'abxx', 'b'])).toBe(3)
  expect(distinctLength(['only'])).toBe(0)
})
