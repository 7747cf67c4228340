import { describe, expect, it } from 'vitest'
import { repair, repairText } from './mojibake.ts'

function mangled(text: string, rounds: number): string {
  let result = text
  for (let n = 0; n < rounds; n++) result = Buffer.from(result).toString('latin1')
  return result
}

describe('text that was encoded too often', () => {
  it('comes back after any number of rounds', () => {
    for (const text of ['é', 'café ☃', '日本', '😀', 'Ünï', '\ufeffx', '\u0085\u00a0']) {
      for (const rounds of [1, 2, 5, 12]) expect(repairText(mangled(text, rounds))).toBe(text)
    }
  })

  it('is told from text that was not', () => {
    for (const text of ['', 'plain', 'café', 'ÿ', '£5', '日本', 'Ã', 'Ã日', '😀']) {
      expect(repairText(text)).toBe(text)
    }
  })

  it('is found in lists, members and their names, and nothing else is changed', () => {
    const value = { [mangled('clé', 1)]: [mangled('é', 2), 1, true, null, { a: mangled('☃', 1) }] }
    expect(repair(value)).toStrictEqual({ clé: ['é', 1, true, null, { a: '☃' }] })
  })
})
