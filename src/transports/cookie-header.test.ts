import { describe, expect, it } from 'vitest'
import { valuesOf } from './cookie-header.ts'

describe('the values under a name', () => {
  it.each([
    ['', []],
    ['b=1', []],
    ['a', []],
    ['a=', ['']],
    ['a=1', ['1']],
    ['a=1; a=2;a=1', ['1', '2', '1']],
    [' \ta = x y \t; b=2', ['x y']],
    ['A=1; aa=2; "a"=3', []],
    ['a="1"', ['"1"']],
    ['a=1=2', ['1=2']],
    ['=a', []],
  ])('of %j are %j', (header, values) => {
    expect(valuesOf(header, 'a')).toEqual(values)
  })

  it('are not those of a name with another blank around it', () => {
    expect(valuesOf('\u00a0a=1; a\u00a0=2; \na=3', 'a')).toEqual([])
    expect(valuesOf('a=\u00a01', 'a')).toEqual(['\u00a01'])
  })
})
