import { createId } from '../../core/id.ts'
import type { SessionRecord } from '../../core/store.ts'

const HOUR = 3_600_000

/** Registers a test: `test` of vitest or `node:test`, `it` of mocha, or one of your own. */
export type Test = (name: string, run: () => Promise<void>) => unknown

/** A record that lives for an hour. */
export function aRecord(change: Partial<SessionRecord> = {}): SessionRecord {
  const createdAt = Date.now()
  return { data: { user: 'ada' }, createdAt, expiresAt: createdAt + HOUR, revision: 1, ...change }
}

/** Data that JSON carries and careless code does not. */
export const TRYING_DATA: Readonly<Record<string, Record<string, unknown>>> = {
  nothing: {},
  'text of all kinds': {
    plain: 'ada',
    empty: '',
    lines: 'a\r\nb\tc\u2028d',
    quotes: `"'\\</script>`,
    nul: '\u0000\u001f\u007f',
    accents: 'é e\u0301 ß İ ı',
    emoji: '👩‍🚀',
    right: 'שלום',
    likeNumber: '007',
    likeBoolean: 'true',
    likeNull: 'null',
    likeDate: '2026-11-22',
    likeYaml: '- a: &b !!js/function *c',
    spaces: '  both sides  ',
  },
  'numbers of all sizes': {
    zero: 0,
    negative: -1,
    fraction: 0.1,
    small: 5e-324,
    large: 1.7976931348623157e308,
    safe: Number.MAX_SAFE_INTEGER,
    exponent: 1e21,
  },
  'booleans, null and empty containers': { yes: true, no: false, none: null, list: [], map: {} },
  'names that mean something in JavaScript': JSON.parse(
    `{"__proto__":{"admin":true},"constructor":{"prototype":1},"then":"t","toJSON":"j","valueOf":1,
      "hasOwnProperty":0,"cookie":{},"save":1,"length":3,"deep":{"__proto__":[1]}}`,
  ) as Record<string, unknown>,
  'names of all kinds': { '': 1, ' ': 2, 'a.b': 3, '0': 4, '-1': 5, ключ: 6, 'a\nb': 7, '~': 8 },
  'lists in lists': { grid: [[1, [2, [3, []]]], [{ a: [{}] }], [null, false, '']] },
  '60 levels of nesting': nested(60),
}

function nested(levels: number): Record<string, unknown> {
  let value: unknown = true
  for (let level = levels; level > 0; level--) value = level % 2 ? { in: value } : [value]
  return value as Record<string, unknown>
}

/** What is no id in any grammar: paths, control bytes, other alphabets, wrong types. */
export function hostileIds(): unknown[] {
  const id = createId()
  return [
    '',
    '.',
    '..',
    '../x',
    `../${id}`,
    `..\\${id}`,
    `${id}/../${id}`,
    `/${id}`,
    `./${id}`,
    `%2e%2e%2f${id}`,
    `${id}\n`,
    `${id}\r`,
    `${id}\u0000`,
    `${id}\u0000.json`,
    `${id} `,
    ` ${id}`,
    `${id}.`,
    `${id}.json`,
    `${id}:x`,
    `\u00a0${id}`,
    `${id}\u0301`,
    '*',
    '\u0000',
    'a\n',
    '\ud800'.repeat(32),
    '１２３４５６７８９０'.repeat(4),
    '٠١٢٣٤٥٦٧٨٩'.repeat(4),
    'a'.repeat(5000),
    "x' OR '1'='1",
    'x\r\nflush_all\r\n',
    undefined,
    null,
    0,
    42,
    true,
    {},
    [],
    [id],
    ['..', id],
    { toString: () => id },
    Symbol('id'),
    10n,
  ]
}
