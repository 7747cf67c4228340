import { describe, expect, it } from 'vitest'
import { palette, wantsColour } from './style.ts'

describe('colour', () => {
  it.each([
    [{}, true, false, true],
    [{}, false, false, false],
    [{ NO_COLOR: '1' }, true, false, false],
    [{ NO_COLOR: '' }, true, false, true],
    [{ TERM: 'dumb' }, true, false, false],
    [{ FORCE_COLOR: '1' }, false, false, true],
    [{ FORCE_COLOR: '' }, false, false, true],
    [{ FORCE_COLOR: '0' }, true, false, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, false, false],
    [{ FORCE_COLOR: '1' }, true, true, false],
  ])('with %j, terminal %s, --no-color %s: %s', (env, isTerminal, refused, wanted) => {
    expect(wantsColour(env, isTerminal, refused)).toBe(wanted)
  })

  it('is around the text, and ends with it', () => {
    expect(palette(true).bold('x')).toBe('\u001b[1mx\u001b[22m')
    expect(palette(false).bold('x')).toBe('x')
    expect(palette(true).red('')).toBe('')
  })
})
