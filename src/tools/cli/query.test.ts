import { expect, it } from 'vitest'
import type { SessionData, SessionRecord } from '../../core/store.ts'
import { parseQuery } from './query.ts'

const ID = 'mfzxg3dpo5xgk4tfmrqw2zlomvzwk4tf'

function fits(query: string, data: SessionData, flash?: SessionRecord['flash']): boolean {
  const record = { data, createdAt: 0, expiresAt: 1, revision: 1, ...(flash && { flash }) }
  return parseQuery(query)(ID, record)
}

const ADA = {
  user: { email: 'ada@lovelace.dev', role: 'Admin', id: 18 },
  cart: { items: [{ sku: 'LMP-220' }], total: 260.9 },
  'unit price': 3,
  on: true,
  left: null,
  day: '2026-11-22',
}

it.each([
  ['', true],
  ['user.role:admin', true],
  ['user.role:adm', true],
  ['user.role=admin', false],
  ['user.role=Admin', true],
  ['user.role!=guest', true],
  ['user.role!=Admin', false],
  ['user:lovelace', true],
  ['user.id:18', true],
  ['user.id:1', false],
  ['cart.items:lmp', true],
  ['cart.items[0].sku:220', true],
  ['cart.items.0.sku:220', true],
  ['cart.total>100', true],
  ['cart.total > 100', true],
  ['cart.total>=260.9', true],
  ['cart.total<260.9', false],
  ['cart.total<=260.9', true],
  ['cart.total>abc', false],
  ['day>2026-11-21', true],
  ['day<2026-11-21', false],
  ['user.role>100', true],
  ['cart>1', false],
  ['["unit price"]=3', true],
  ['on=true', true],
  ['left=null', true],
  ['cart:*', true],
  ['nothing:*', false],
  ['nothing!=1', true],
  ['nothing>1', false],
  ['nothing:1', false],
  ['-nothing:*', true],
  ['lamp', false],
  ['lmp-220', true],
  ['cart', true],
  ['-cart', false],
  ['-flash', true],
  ['mfzx', true],
  ['id:mfzx', true],
  ['user.role:admin cart.total>100 -flash', true],
  ['user.role:admin cart.total>1000', false],
  ['"ada@lovelace.dev"', true],
  ['user.email:"ada@lovelace"', true],
  ['user.email:"ada lovelace"', false],
])('the query %j is %s', (query, expected) => {
  expect(fits(query, ADA)).toBe(expected)
})

it('finds what was left for the next request', () => {
  expect(fits('flash', {}, { notice: 'Saved' })).toBe(true)
  expect(fits('flash.notice:saved', {}, { notice: 'Saved' })).toBe(true)
  expect(fits('-flash', {}, { notice: 'Saved' })).toBe(false)
})

it('takes who it is from wherever the data says so', () => {
  expect(fits('user:ada', { email: 'ada@lovelace.dev' })).toBe(true)
})

it('sees own members only', () => {
  expect(fits('constructor:*', {})).toBe(false)
  expect(fits('__proto__.toString:*', {})).toBe(false)
})

it('refuses a path that is none', () => {
  expect(() => parseQuery('a..b:1')).toThrow('not a path')
})
