import { CompactEncrypt } from 'jose'
import type { Layout } from '../../../src/stores/file/layout.ts'
import { DIALECTS, ID, type DialectName } from '../dialects.ts'
import type { Target } from './fuzz.ts'
import { mergeTarget } from './merge-target.ts'
import type { Modules } from './modules.ts'

const SECRET = 'hG3kPw9sLz6xVb2nMq8jRd5fTy1aCe7o'

const bytesOf = (...texts: string[]) => texts.map((text) => Buffer.from(text))
const textOf = (input: Uint8Array) => Buffer.from(input).toString('latin1')

function hold(promise: unknown, otherwise: string): asserts promise {
  if (!promise) throw new Error(otherwise)
}

/** Everything that reads what somebody else may have written. */
export async function targets(modules: Modules): Promise<Target[]> {
  return [
    cookieTarget(modules),
    await sealTarget(modules),
    layoutTarget(modules, 'json', 'dancerJson'),
    layoutTarget(modules, 'yaml', 'dancerYaml'),
    mergeTarget(modules),
    durationTarget(modules),
    expiryTarget(modules),
  ]
}

/** What a `Cookie` header says, read in the plainest way. */
function expected(header: string, name: string): string[] {
  const found = new Set<string>()
  for (const part of header.split(';')) {
    const [, key, value] = /^[ \t]*([^=]*?)[ \t]*=[ \t]*([^]*?)[ \t]*$/.exec(part) ?? []
    if (key === name && value !== undefined && /^[A-Za-z0-9_.~-]+$/.test(value)) found.add(value)
  }
  return [...found].slice(0, 8)
}

function cookieTarget({ cookie: { cookie } }: Modules): Target {
  const transport = cookie()
  return {
    name: 'cookies',
    seeds: bytesOf('id=abc', 'a=1; id=abc; b=2', '__Host-id=abc', 'id=a; id=b;id="c"', '\0'),
    words: [
      'id',
      '__Host-id',
      '=',
      ';',
      '; ',
      ' ',
      '\t',
      'id=',
      'ID=',
      '"',
      '\u00a0',
      '%3d',
      ',',
      '$Path',
    ],
    async run(input) {
      const header = textOf(input)
      for (const [secure, name] of [
        [false, 'id'],
        [true, '__Host-id'],
      ] as const) {
        const found = await transport.receive({ secure, headers: { get: () => header } })
        const wanted = expected(header, name)
        hold(
          JSON.stringify(found) === JSON.stringify(wanted),
          `it finds ${found.length} of ${wanted.length}`,
        )
      }
    },
  }
}

/** A first byte of 0: the rest is a ticket. Any other: the rest is what somebody with the key had sealed. */
async function sealTarget({ seal, secrets, data: { isPlainObject } }: Modules): Promise<Target> {
  const sealer = seal.sealedCookie({ secrets: [SECRET] })
  const algorithm = { name: 'AES-GCM', length: 256 } as const
  const [key] = await secrets.keyring([SECRET], 'vitrine sealed cookie', algorithm)('id')
  const record = { id: ID, data: { user: 'ada' }, createdAt: 1, expiresAt: 9, revision: 1 }
  const ticket = await sealer.seal(record, 'id')
  const good = '{"id":"x","created":1,"expires":"never","revision":1,"data":{"a":[1]},"flash":{}}'
  const facts = '{"id":"x","created":1,"expires":2,"revision":3,"data":{},"idle":4,"lifetime":5}'
  return {
    name: 'sealed tickets',
    seeds: bytesOf(
      `\0${ticket}`,
      `\x01${good}`,
      `\x01${facts}`,
      `\x01{"idle":1,"lifetime":"never","retired":true}`,
    ),
    words: [
      ...[
        '"id":',
        '"created":',
        '"expires":',
        '"revision":',
        '"data":',
        '"flash":',
        '"idle":',
        '"lifetime":',
      ],
      ...[
        '"retired":true',
        '""',
        '[]',
        '{}',
        '"never"',
        'null',
        '1e400',
        '{',
        '}',
        '[',
        ']',
        ',',
        '"__proto__":',
        '.',
        '..',
        '=',
      ],
    ],
    async run(input) {
      const rest = input.subarray(1)
      if (input[0] === 0 || input.length === 0) {
        const text = textOf(rest)
        const opened = await sealer.unseal(text, 'id')
        hold((opened !== null) === (text === ticket), 'a ticket opens that nobody sealed')
        return
      }
      const encrypted = new CompactEncrypt(rest).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      const made = await encrypted.encrypt(key as never)
      const opened = await sealer.unseal(made, 'id')
      if (opened === null) return
      const { id, data, flash, createdAt, expiresAt, revision } = opened
      const { idle = 0, lifetime = 0, retired = true } = opened
      const numbers = [createdAt, expiresAt, revision, idle, lifetime]
      hold(typeof id === 'string' && isPlainObject(data), 'no id or no data')
      hold(flash === undefined || isPlainObject(flash), 'no flash')
      hold(numbers.every((number) => typeof number === 'number') && retired, 'a wrong type')
    },
  }
}

/** How many members every object and every array has. */
function membersOfAll(): number {
  return Reflect.ownKeys(Object.prototype).length + Reflect.ownKeys(Array.prototype).length
}

/** A first byte of 0: a plain file. Any other: one of Dancer's. */
function layoutTarget(modules: Modules, plain: DialectName, dancer: DialectName): Target {
  const { layout, dancerJson, yaml, dancerYaml, parser } = modules
  const codec = { parse: JSON.parse, stringify: (value: unknown) => JSON.stringify(value, null, 2) }
  const layouts: Record<DialectName, Layout> = {
    json: layout.plainLayout('.json', codec),
    dancerJson: dancerJson.dancerJsonLayout,
    yaml: yaml.plainYamlLayout(parser),
    dancerYaml: dancerYaml.dancerYamlLayout(parser),
  }
  const goods = [plain, dancer].flatMap((name, index) => {
    const dialect = DIALECTS.find((one) => one.name === name)!
    const texts = [
      dialect.text(),
      dialect.around('{"a":[1,"x",null,{}]}'),
      dialect.text({ flash: { a: 1 } }),
    ]
    return texts.map((text) => Buffer.concat([Buffer.from([index]), Buffer.from(text)]))
  })
  const before = membersOfAll()
  return {
    name: `${plain} files`,
    seeds: goods,
    words: [
      ...[
        '"',
        '{',
        '}',
        '[',
        ']',
        ':',
        ',',
        '\n',
        '  ',
        '\\u0000',
        '\\ud800',
        '1e400',
        '-0',
        '"__proto__":',
      ],
      ...[
        'null',
        'true',
        '"constructor":',
        '"never"',
        'retired',
        'idle',
        'lifetime',
        'flash',
        'vitrine',
        'types',
      ],
      ...[
        '- ',
        '? ',
        '&a ',
        '*a',
        '<<: ',
        '!!perl/hash:A ',
        '!!perl/ref ',
        '---\n',
        '...\n',
        '| ',
        '>-\n',
        '#',
        '~',
      ],
      ...[
        '\u00e9',
        '\ufeff',
        '\u2028',
        '\u00ff',
        '=: ',
        '%',
        "'",
        '!!str ',
        '%YAML 1.1\n',
        '12345678901234567890',
      ],
    ],
    run(input) {
      const one = layouts[input[0] === 0 ? plain : dancer]
      let record
      try {
        record = one.decode(ID, Buffer.from(input.subarray(1)), 1000)
      } catch (error) {
        hold(error instanceof layout.Unreadable, `it throws ${String(error)}`)
        return
      }
      hold(membersOfAll() === before, 'a prototype has changed')
      hold(modules.data.isPlainObject(record.data), 'its data is no object')
      const { createdAt, expiresAt, revision, idle = 1, lifetime = 1 } = record
      const numbers = [createdAt, expiresAt, revision, idle, lifetime]
      hold(
        numbers.every((number) => typeof number === 'number'),
        'a wrong type',
      )
      again(one, { ...record, createdAt: 1000, expiresAt: 2000 })
    },
  }

  /** What was read can be written, unless it says why not, and is then read as the same. */
  function again(one: Layout, record: ReturnType<Layout['decode']>): void {
    const data = JSON.stringify(record.data)
    if (/[:[,]null/.test(data)) return // a number beyond all bounds, which the reader refuses
    let text: string
    try {
      text = one.encode(ID, { ...record, idle: 1000, lifetime: 1000 })
    } catch (error) {
      hold(error instanceof modules.errors.VitrineError, `it cannot write: ${String(error)}`)
      return
    }
    const back = one.decode(ID, Buffer.from(text), 1000)
    hold(modules.data.equal(back.data, JSON.parse(data)), 'it reads something else than it wrote')
  }
}

function durationTarget({ policy: { milliseconds }, errors: { VitrineError } }: Modules): Target {
  const units: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 }
  return {
    name: 'durations',
    seeds: bytesOf('90s', '30m', '2h', '30d', '1.5h', '0s', '1e3s', ''),
    words: ['s', 'm', 'h', 'd', '.', '0', '9999999999', '-', '+', 'e', 'Infinity', ' ', '\n', '_'],
    run(input) {
      const text = textOf(input)
      const [, number, unit] = /^([0-9]+(?:\.[0-9]+)?)([smhd])$(?!\n)/.exec(text) ?? []
      const wanted = Number(number) * (units[unit ?? ''] ?? NaN)
      let found: number | null = null
      try {
        found = milliseconds(text as '1s', 'idle')
      } catch (error) {
        hold(error instanceof VitrineError && error.code === 'CONFIG', `it throws ${String(error)}`)
      }
      hold(found === (wanted > 0 ? wanted : null), `it reads ${found}, not ${wanted}`)
    },
  }
}

function expiryTarget({ expires: { dancerSeconds } }: Modules): Target {
  return {
    name: "Dancer's expiry",
    seeds: bytesOf(
      '3600',
      '2 hours',
      '1 day, 2 hours and 3 min',
      '1:30',
      '1:30:15',
      '-1,5 d',
      '1M',
      '+1 h',
    ),
    words: [
      '1',
      ':',
      ':30',
      ' ',
      ',',
      'and',
      'day',
      'hours',
      'min',
      'M',
      'm',
      '-',
      '+',
      '.',
      '99999',
      'yr',
      '\n',
    ],
    run(input) {
      const text = textOf(input)
      const seconds = dancerSeconds(text)
      // enough digits make a number without bounds, and two of them none: options refuse that
      if (seconds === null || /\d{300}/.test(text)) return
      hold(Number.isInteger(seconds), `it reads ${seconds}`)
      hold(dancerSeconds(` ${text}\t`) === seconds, 'blanks around it count')
      const digits = /^[ \t]*([0-9]{1,9})[ \t]*$/.exec(text)
      hold(!digits || Number(digits[1]) === seconds, `it reads ${seconds} seconds`)
      const amounts = text.match(/\d+/g)?.map(Number) ?? []
      const bound = amounts.reduce((sum, amount) => sum + amount + 1, 0) * 365 * 86_400
      hold(Math.abs(seconds) <= bound * 1.000001, 'it is more than it can be')
    },
  }
}
