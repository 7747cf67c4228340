import { expect, it } from 'vitest'
import { palette } from './style.ts'
import { flatEntries, treeLines } from './tree.ts'

function tree(value: unknown, width = 80, reveal = false): string[] {
  return treeLines(value, [], { colours: palette(false), width, reveal })
}

it('lays a session out: siblings lined up, small things on one line', () => {
  const data = {
    user: { id: 1815, email: 'ada@lovelace.dev' },
    cart: { items: [{ sku: 'VIT-014', qty: 1 }], total: 260.9, note: null },
    tags: ['a', 'b'],
    empty: {},
    none: [],
    on: true,
  }
  expect(tree(data)).toEqual([
    'user',
    '  id     1815',
    '  email  "ada@lovelace.dev"',
    'cart',
    '  items  [1] { sku: "VIT-014", qty: 1 }',
    '  total  260.9',
    '  note   null',
    'tags   [2] "a", "b"',
    'empty  {}',
    'none   []',
    'on     true',
  ])
})

it('gives what is too wide for one line more of them', () => {
  const items = [{ sku: 'VIT-014', title: 'Display case, oak' }, { sku: 'LMP-220' }]
  expect(tree({ items }, 30)).toEqual([
    'items  [2]',
    '  0',
    '    sku    "VIT-014"',
    '    title  "Display case, oak"',
    '  1  { sku: "LMP-220" }',
  ])
})

it('hides secrets, says why, and says once how to see them', () => {
  const data = {
    csrfToken: 'd81f',
    checkout: { card: '4111111111111111' },
    keys: [{ secret: 'x' }],
  }
  expect(tree(data)).toEqual([
    'csrfToken  ••••••••  --reveal shows it',
    'checkout',
    '  card  •••• •••• •••• 1111  ⚠ looks like a card number',
    'keys       [1] { secret: •••••••• }',
  ])
  expect(tree(data, 80, true)[0]).toBe('csrfToken  "d81f"')
})

it('cuts a long text, and says how long it is', () => {
  const [line] = tree({ bio: 'x'.repeat(3000) }, 40)
  expect(line).toBe(`bio  "${'x'.repeat(14)}… (3\u00a0000 characters)`)
})

it('lets no value or name reach the terminal as a command', () => {
  const lines = tree({ ['\u001b[2J']: '\u009b31m', a: { b: ['\u202e'] } })
  expect(lines.join('\n')).not.toMatch(/[\u202e\u009b]|\p{Cc}\[/u)
})

it('takes a value apart into paths', () => {
  expect(flatEntries({ a: [{ 'b c': 1 }, []], d: {} })).toEqual([
    ['a[0]["b c"]', 1],
    ['a[1]', []],
    ['d', {}],
  ])
})

it('leaves the hint out where there is no room for it', () => {
  const data = { card: '4111111111111111', token: 'x' }
  expect(tree(data, 50)).toEqual([
    'card   •••• •••• •••• 1111  ⚠ looks like a card number',
    'token  ••••••••  --reveal shows it',
  ])
})
