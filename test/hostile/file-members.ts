import { ID, type Case, type Dialect, type Fact, type Fate } from './dialects.ts'

/** Files whose members have wrong types, and files with bad times. */

const WRONG: readonly unknown[] = [
  ...[undefined, null, true, false, 0, -1, 1.5, 'text', '', [], ['a'], {}, { a: 1 }],
]

const isPlain = (value: unknown) => value instanceof Object && !Array.isArray(value)

/** What a file with one wrong member is. To Perl's YAML every scalar is a text, so `false` is a true text there. */
function fateOf(dialect: Dialect, fact: Fact | 'data' | 'vitrine', value: unknown): Fate {
  const dancer = dialect.name.startsWith('dancer')
  const isText = dialect.name === 'dancerYaml' && value !== null && !(value instanceof Object)
  const seen = isText ? String(value) : value
  const isOptional = ['flash', 'idle', 'lifetime', 'retired', 'revision', 'vitrine'].includes(fact)
  if (value === undefined && isOptional) return 'session'
  switch (fact) {
    case 'id': // Perl does not miss it
      return dancer && (value ?? null) === null ? 'session' : 'aside'
    case 'created':
    case 'expires':
    case 'lifetime': // the session is an hour old: a lifetime of a second or two is over
      return 'left'
    case 'revision':
      return 'session'
    case 'data':
    case 'flash':
      return isPlain(value) ? 'session' : 'aside'
    case 'vitrine':
      if (value === null) return 'session'
      return isPlain(value) ? 'left' : 'aside'
    case 'idle': // Perl has one type for numbers and texts
      return (dancer ? Number(seen) > 0 : value === 1.5) ? 'session' : 'left'
    case 'retired':
      if (!dancer) return value === true ? 'left' : 'session'
      return Boolean(seen) && seen !== '0' ? 'left' : 'session'
  }
}

/** Every member with every wrong value. */
export function wrongMembers(dialect: Dialect): Case[] {
  const common = [
    'id',
    'created',
    'expires',
    'revision',
    'idle',
    'lifetime',
    'retired',
    'flash',
  ] as const
  const dancer = dialect.name.startsWith('dancer')
  const cases: Case[] = []
  for (const value of WRONG) {
    for (const fact of common) {
      const content = dialect.text({ [fact]: value })
      cases.push({
        name: `${fact}: ${JSON.stringify(value)}`,
        content,
        fate: fateOf(dialect, fact, value),
      })
    }
    const whole = dancer ? 'vitrine' : 'data'
    cases.push({
      name: `${whole}: ${JSON.stringify(value)}`,
      content: dancer ? withoutFacts(dialect, value) : dialect.text({ data: value }),
      fate: fateOf(dialect, whole, value),
    })
  }
  return cases
}

/** A Dancer file in which something else stands where our facts do. */
function withoutFacts(dialect: Dialect, value: unknown): string {
  if (dialect.name === 'dancerJson') return JSON.stringify({ id: ID, user: 'ada', vitrine: value })
  const text = value === null ? '~' : JSON.stringify(value)
  const ours = value === undefined ? '' : `vitrine: ${text}\n`
  return `--- !!perl/hash:Dancer::Session::YAML\nid: ${ID}\nuser: ada\n${ours}`
}

/** What is no time, or one that cannot be true. */
export const BAD_TIMES: readonly unknown[] = [
  ...[
    '',
    ' ',
    'tomorrow',
    'soon 49',
    '49',
    '99',
    '2099',
    '2099-01',
    'Jan 1 2099',
    '1 January 2099',
  ],
  ...['2099/1/1', '2099-1-1', '01.01.2099', '2099-13-01', '2099-00-10', '2099-01-32', '20990101'],
  ...['2099-01-01T25:00:00Z', '2099-01-01T00:61:00Z', '2099-01-01T', '2099-01-01Z', 'T00:00:00Z'],
  ...[
    '+2099-01-01',
    '+999999-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '0000-00-00',
    '0000-01-01',
  ],
  ...['1e400', '1e3', '1795000000000', '4102444800000', 'Infinity', '-Infinity', 'NaN', 'null'],
  ...['undefined', 'Never', 'NEVER', 'never ', ' never', 'never\n', '2099-01-01T00:00:00Z\n'],
  ...['2099-01-01T00:00:00Z junk', 'junk 2099-01-01T00:00:00Z', ' 2099-01-01', '2099-01-01 (x)'],
  ...['2099\u201001\u201001', '\uff12\uff10\uff19\uff19-01-01', '0x7fffffff', '--', '2099-W01-1'],
  ...[
    '2099-001',
    'P30D',
    '1970-01-01T00:00:00Z',
    '2000-01-01',
    [],
    {},
    ['2099-01-01'],
    false,
    true,
  ],
  ...[null, 0, -1, 1, 4_102_444_800, 4_102_444_800_000, 1e308, -1e308, 2 ** 53],
]

/** Every bad time, as the beginning and as the end. */
export function badTimes(dialect: Dialect): Case[] {
  return BAD_TIMES.flatMap((time) => {
    const name = JSON.stringify(time)
    return [
      { name: `created ${name}`, content: dialect.text({ created: time }), fate: 'left' },
      { name: `expires ${name}`, content: dialect.text({ expires: time }), fate: 'left' },
    ] as const
  })
}

/** Times that are unusual and mean what they say. */
export function oddTimes(dialect: Dialect): Case[] {
  const fine = ['never', '2999-01-01', '2999-01-01T00:00Z', '2999-01-01 00:00:00', '+275760-09-13']
  return [
    ...fine.map((time) => ({
      name: `expires ${time}`,
      content: dialect.text({ expires: time }),
      fate: 'session' as const,
    })),
    // made in a year that has not come: it would never end
    ...[...fine, '2026-11-24T20:06:12.123Z'].map((time) => ({
      name: `created ${time}`,
      content: dialect.text({ created: time }),
      fate: 'left' as const,
    })),
  ]
}
