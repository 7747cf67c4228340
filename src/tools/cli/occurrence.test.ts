import { expect, it } from 'vitest'
import { formatPath } from '../../core/data.ts'
import type { SessionRecord } from '../../core/store.ts'
import { occurrenceOf } from './occurrence.ts'

const RECORD: SessionRecord = { data: { a: 1 }, createdAt: 0, expiresAt: 60_000, revision: 1 }

function told(before: SessionRecord | null, after: SessionRecord | string | null): unknown {
  const occurrence = occurrenceOf('id', 1000, before, after)
  if (!occurrence) return null
  const { kind, changes, note } = occurrence
  return [
    kind,
    ...changes.map(({ op, path }) => `${op} ${formatPath(path)}`),
    ...(note ? [note] : []),
  ]
}

it.each([
  ['appeared', null, RECORD, ['created', 'add a']],
  [
    'was changed',
    RECORD,
    { ...RECORD, data: { b: 2 }, flash: { notice: 'x' } },
    ['written', 'remove a', 'add b', 'add flash.notice'],
  ],
  ['only lives longer', RECORD, { ...RECORD, expiresAt: 121_000 }, ['touched', 'expires in 2 min']],
  ['will never end', RECORD, { ...RECORD, expiresAt: Infinity }, ['touched', 'never expires']],
  ['was ended by hand', RECORD, { ...RECORD, expiresAt: 0 }, ['touched', 'is over']],
  [
    'went on elsewhere',
    RECORD,
    { ...RECORD, data: {}, retired: true as const },
    ['renewed', 'goes on under a new id'],
  ],
  ['was removed', RECORD, null, ['deleted']],
  ['was reaped', { ...RECORD, expiresAt: 1000 }, null, ['deleted', 'it was over']],
  ['was broken', RECORD, 'it does not parse', ['unreadable', 'it does not parse']],
  ['was written as it was', RECORD, { ...RECORD }, null],
  ['was never there', null, null, null],
] as const)('a session that %s', (_, before, after, expected) => {
  expect(told(before, after)).toEqual(expected)
})
