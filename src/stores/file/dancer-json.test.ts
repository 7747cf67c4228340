import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VitrineError } from '../../core/errors.ts'
import type { SessionRecord } from '../../core/store.ts'
import { dancerJsonLayout as layout } from './dancer-json.ts'
import { Unreadable } from './layout.ts'

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/dancer/', import.meta.url))
const MODIFIED = 1_795_000_000_000

function read(path: string): Buffer {
  return readFileSync(FIXTURES + path)
}

function dataOf(id: string, bytes: Buffer | string): unknown {
  return layout.decode(id, Buffer.from(bytes as string), MODIFIED).data
}

function record(data: SessionRecord['data'], more: Partial<SessionRecord> = {}): SessionRecord {
  return { data, createdAt: 1_795_000_000_000, expiresAt: 1_795_007_200_000, revision: 3, ...more }
}

const VARIANTS = ['v0.001-XS', 'v0.001-PP', 'v0.002-XS', 'v0.002-PP'] as const
type Variant = (typeof VARIANTS)[number]
const dies = Symbol('the engine left no session')

/** What each file of the real engine holds; a function where the versions and backends differ. */
const CASES: Record<string, unknown> = {
  '01-string': { s: 'hello world' },
  '02-string-escapes': {
    s: 'quote " backslash \\ slash / nl \n tab \t cr \r bs \b ff \f nul \0 del \u007f esc \u001b',
  },
  '03-unicode-bmp-chars': { s: 'café ☃日本' },
  '04-unicode-latin1-chars': { s: 'café' },
  '05-unicode-astral': { s: '😀' },
  '06-utf8-bytes': { s: 'café ☃' },
  '07-unicode-key': { ключ: 1, é: 2 },
  '08-linesep': { s: 'a\u2028b\u2029c\ufeffd' },
  '10-int': { neg: -7, zero: 0, i: 42 },
  '11-numeric-string': { f: '3.0', e: '1e3', z: '007', sp: ' 5', s: '42' },
  '12-string-used-as-number': (variant: Variant) => ({ s: variant.endsWith('XS') ? '42' : 42 }),
  '13-number-used-as-string': (variant: Variant) => ({ n: variant.endsWith('XS') ? '42' : 42 }),
  '14-float': { third: 0.333333333333333, sum: 0.3, e: 1000, one: 1, pi: 3.14159, tenth: 0.1 },
  '15-bignum': {
    f: 1e20,
    g: 1.5e300,
    i53: '9007199254740993',
    i63: '9223372036854775807',
    min: '-9223372036854775808',
    tiny: 5e-324,
    u64: '18446744073709551615',
  },
  '16-inf-nan': dies,
  '17-negzero': (variant: Variant) => ({ ns: 0, nz: variant.endsWith('XS') ? -0 : 0 }),
  '20-json-bool': { f: false, t: true },
  '21-perl-bool': (variant: Variant) => ({ f: '', t: variant.endsWith('XS') ? '1' : 1 }),
  '22-scalar-ref-bool': { f: false, t: true },
  '23-undef': { u: null },
  '24-empty': { h: {}, a: [], s: '' },
  '30-nested': {
    h: { k: { k2: { k3: ['deep'] } } },
    a: [1, '2', [3, [4, {}]], { x: [null, 'y'] }],
  },
  '31-empty-key': { '': 'empty key' },
  '32-id-keys': { ID: 1, iD: 2, user_id: 7, nested: { id: 'inner' } },
  '33-proto-key': { toString: 's', constructor: 'c', ['__proto__']: { x: 1 } },
  '40-blessed': (variant: Variant) => ({
    o: variant.startsWith('v0.001') ? { a: 1, b: 'two' } : null,
  }),
  '41-blessed-TO_JSON': { o: { a: 1, cls: 'ObjTJ' } },
  '42-coderef': dies,
  '43-scalarref': dies,
  '44-regexp': { r: null },
  '45-glob': dies,
  '46-refref': dies,
  '47-cyclic': dies,
  '48-shared-ref': { x: [1], y: [1] },
  '49-vstring': { v: '\u0001\u0002\u0003' },
  '50-dualvar': { d: 'five' },
  '51-deep-600': dies,
}

describe('files of the real JSON engine', () => {
  for (const variant of VARIANTS) {
    it(`reads every kind of value that ${variant} writes`, () => {
      const files = readdirSync(`${FIXTURES}json/${variant}`).filter((name) =>
        name.endsWith('.json'),
      )
      expect(files.map((name) => name.replace('.json', '')).sort()).toEqual(
        Object.keys(CASES).sort(),
      )
      for (const [name, given] of Object.entries(CASES)) {
        const bytes = read(`json/${variant}/${name}.json`)
        const id = `9${name.slice(0, 2)}0000`
        const expected: unknown = typeof given === 'function' ? given(variant) : given
        if (expected === dies) expect(() => dataOf(id, bytes), name).toThrow(Unreadable)
        else expect(dataOf(id, bytes), name).toStrictEqual(expected)
      }
    })
  }

  it('takes a file of Perl alone as begun when it was written, and never ending by itself', () => {
    const decoded = layout.decode('9010000', read('json/v0.001-XS/01-string.json'), MODIFIED + 0.5)
    expect(decoded).toStrictEqual({
      data: { s: 'hello world' },
      createdAt: MODIFIED,
      expiresAt: Infinity,
      revision: 0,
    })
  })

  it('takes the first object of a file that two flushes left as the newest state', () => {
    for (const version of ['v0.001', 'v0.002']) {
      const bytes = read(`json-bad/stale-tail-${version}.json`)
      expect(dataOf('31415926535897932384626433832795', bytes)).toStrictEqual({ n: 1 })
    }
  })

  it('finds the first object where the debris behind it is no UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"id":"7","s":"é"}'),
      Buffer.from([0xa9, 0x22, 0x7d]),
    ])
    expect(dataOf('7', bytes)).toStrictEqual({ s: 'é' })
  })

  it('calls an empty file and Perl infinities unreadable', () => {
    expect(() => dataOf('9420000', read('json-bad/zero-bytes-after-coderef.json'))).toThrow('empty')
    for (const backend of ['PP', 'XS']) {
      const bytes = read(`json-bad/inf-nan-${backend}.json`)
      expect(() => dataOf('9160000', bytes)).toThrow(Unreadable)
    }
  })

  it('repairs text that the engine encoded again at every reading and writing, in names too', () => {
    for (const version of ['v0.001', 'v0.002']) {
      for (const step of [0, 1, 2, 3]) {
        const bytes = read(`json-utf8/${version}/step${step}.json`)
        expect(dataOf('77', bytes), `${version} step ${step}`).toStrictEqual({
          s: 'café ☃ 😀',
          clé: 'é',
        })
      }
    }
  })

  it('reads Latin-1 bytes, and calls what that charset could not hold unreadable', () => {
    expect(dataOf('77', read('json-utf8/charset-iso-8859-1/latin1.json'))).toStrictEqual({
      s: 'café',
    })
    const bytes = read('json-utf8/charset-iso-8859-1/not-in-charset.json')
    expect(() => dataOf('78', bytes)).toThrow(Unreadable)
  })
})

describe('what a reader of these files must survive', () => {
  it('keeps the newer of two members that are one name encoded differently often', () => {
    const mangled = (times: number) => {
      let key = 'é'
      for (let n = 0; n < times; n++) key = Buffer.from(key).toString('latin1')
      return key
    }
    const old = `"${mangled(2)}":"oldest","${mangled(1)}":"old"`
    expect(dataOf('7', `{"id":"7",${old}}`)).toStrictEqual({ é: 'old' })
    expect(dataOf('7', `{"é":"new",${old}}`)).toStrictEqual({ é: 'new' })
    expect(dataOf('7', `{${old},"é":"new"}`)).toStrictEqual({ é: 'new' })
  })

  it('leaves our own escapes alone, even where they look like mojibake', () => {
    expect(dataOf('7', '{"id":"7","price":"\\u00c2\\u00a35"}')).toStrictEqual({ price: 'Â£5' })
  })

  it('says why a file is no session, without a word of its content', () => {
    const cases: [string, string][] = [
      ['', 'the file is empty'],
      [' \n', 'it is not an object'],
      ['[{"id":"7"}]', 'it is not an object'],
      ['"secret"', 'it is not an object'],
      ['{"id":"7","user":"secr', 'it is cut short'],
      ['{"id":"7","user":"secret"', 'it is cut short'],
      ['{"id":"7","user":"secret\\', 'it is cut short'],
      ['{"id":"7","secret"}', 'it does not parse'],
      ['{"id":"7","n":-inf}', 'it does not parse'],
      ['{"id":"8","user":"secret"}', 'its id is not its file name'],
      ['{"id":["7"],"user":"secret"}', 'its id is not its file name'],
      ['{"id":"7","vitrine":"secret"}', 'its vitrine is not an object'],
      ['{"id":"7","vitrine":{"flash":"secret"}}', 'its flash is not an object'],
    ]
    for (const [text, reason] of cases) {
      expect(() => dataOf('7', text), text).toThrow(new Unreadable(reason))
    }
  })

  it('takes a missing id, and one that lost its quotes, as the name of the file', () => {
    expect(dataOf('7', '{"a":1}')).toStrictEqual({ a: 1 })
    expect(dataOf('7', '{"id":null,"a":1}')).toStrictEqual({ a: 1 })
    expect(dataOf('7', '{"id":7,"a":1}')).toStrictEqual({ a: 1 })
    const long = '314159265358979323846264338327950288419'
    expect(dataOf(long, `{"id":${long},"a":1}`)).toStrictEqual({ a: 1 })
  })

  it('reads what an editor left: a byte order mark, spaces, any line ends', () => {
    expect(dataOf('7', '\ufeff\r\n {\r\n\t"id": "7",\r\n\t"a": 1\r\n}\r\n')).toStrictEqual({ a: 1 })
  })

  it('reads 512 levels, as Perl does, and no more', () => {
    const nested = (levels: number) => `{"id":"7","a":${'['.repeat(levels)}${']'.repeat(levels)}}`
    expect(dataOf('7', nested(511))).toBeDefined()
    expect(() => dataOf('7', nested(512))).toThrow('it is nested too deep')
    expect(() => dataOf('7', `{"a":${'['.repeat(1_000_000)}`)).toThrow('it is nested too deep')
  })

  it('fails closed where our facts are missing or garbled', () => {
    const decoded = layout.decode(
      '7',
      Buffer.from('{"vitrine":{"idle":"soon","revision":-1}}'),
      MODIFIED,
    )
    expect(decoded).toStrictEqual({
      data: {},
      createdAt: NaN,
      expiresAt: NaN,
      revision: 0,
      idle: NaN,
    })
  })
})

describe('files of ours', () => {
  it('are the flat hash that Perl knows, in ASCII, with our facts under one key', () => {
    const more = {
      idle: 90_500,
      lifetime: Infinity,
      flash: { saved: true },
      retired: true,
    } as const
    const text = layout.encode('42', record({ user: 'é', cart: [1] }, more))
    expect(text).toBe(`{
  "id": "42",
  "user": "\\u00e9",
  "cart": [
    1
  ],
  "vitrine": {
    "created": "2026-11-18T11:06:40.000Z",
    "expires": "2026-11-18T13:06:40.000Z",
    "revision": 3,
    "idle": 90.5,
    "lifetime": "never",
    "retired": true,
    "flash": {
      "saved": true
    }
  }
}
`)
  })

  it('give back any record as it was', () => {
    const clean = fc
      .string({ unit: 'binary' })
      .map((text) => text.replace(/\p{Noncharacter_Code_Point}/gu, ''))
    const data = fc.dictionary(
      clean.filter((key) => key !== 'id' && key !== 'vitrine'),
      fc.jsonValue({ stringUnit: fc.constantFrom('a', '"', '\\', 'é', 'Â£', '😀', '\n', '\0') }),
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(data, fc.boolean(), fc.boolean(), (member, forever, flashes) => {
        const given = record(JSON.parse(JSON.stringify(member)) as SessionRecord['data'], {
          ...(forever && { expiresAt: Infinity }),
          ...(flashes && { flash: { note: 'Ã©', n: 1 } }),
        })
        const text = layout.encode('42', given)
        expect(text).toMatch(/^[\n -~]*$/)
        expect(layout.decode('42', Buffer.from(text), 0)).toEqual(given)
      }),
    )
  })

  it('keep numbers, and write none that Perl would turn into a text', () => {
    const numbers = [1e20, -1e20, 2 ** 60, 2 ** 63, 1e21, 1.5e300, 5e-324, 0.000001234567890123456]
    const text = layout.encode('42', record({ numbers, one: 1e20, text: '123456789012345678901' }))
    expect(text).not.toMatch(/[^"\d.]\d{20}/)
    expect(dataOf('42', text)).toStrictEqual({ numbers, one: 1e20, text: '123456789012345678901' })
  })

  it('refuse what Perl keeps for itself, and what would kill the session there', () => {
    const deep: Record<string, unknown> = {}
    let inner = deep
    for (let level = 0; level < 600; level++) inner = inner['a'] = {}
    const cases: [SessionRecord['data'], string][] = [
      [{ id: 1 }, 'session.data.id: a Dancer session keeps its own id there'],
      [{ vitrine: 1 }, 'session.data.vitrine: a Dancer session keeps its times there'],
      [{ a: { b: ['\ud800'] } }, 'session.data.a.b[0]: Perl cannot write'],
      [{ a: { '\udc00': 1 } }, 'session.data.a: Perl cannot write'],
      [{ '\ud800': 1 }, 'session.data: Perl cannot write'],
      [{ a: '\uffff' }, 'session.data.a: Perl cannot write'],
      [deep, 'nested deeper than Perl can read'],
    ]
    for (const [data, message] of cases) {
      expect(() => layout.encode('42', record(data)), message).toThrow(message)
      expect(() => layout.encode('42', record(data))).toThrow(VitrineError)
    }
    const flash = { note: '\ud800' }
    expect(() => layout.encode('42', record({}, { flash }))).toThrow('Perl cannot write')
  })

  it('store a time that has no date as never', () => {
    const text = layout.encode('42', record({}, { expiresAt: 1e300 }))
    expect(layout.decode('42', Buffer.from(text), 0).expiresAt).toBe(Infinity)
  })

  it('lie under the ids that Dancer makes and takes, and under no name that is more than a name', () => {
    for (const id of ['362221000356202810803957607324074525', 'AbC_d-~9', '0', 'a'.repeat(128)]) {
      expect(layout.accepts(id), id).toBe(true)
    }
    const bad = [
      '',
      '.',
      '..',
      'a.b',
      'a/b',
      'a\\b',
      '-rf',
      '~root',
      'a b',
      'é',
      '1\n',
      '1\0',
      '１',
    ]
    for (const id of [...bad, 'a'.repeat(129), 'NUL', 'con', 'Com1', 'lpt9', '\u212a']) {
      expect(layout.accepts(id), id).toBe(false)
    }
  })
})
