import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as yaml from 'yaml'
import { isPlainObject, put, type JsonObject } from '../../core/data.ts'
import type { SessionRecord } from '../../core/store.ts'
import { dancerYamlLayout } from './dancer-yaml.ts'
import { Unreadable } from './layout.ts'

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/dancer/yaml/', import.meta.url))
const MODIFIED = 1_795_000_000_000
const TAG = '--- !!perl/hash:Dancer::Session::YAML\n'

const layout = dancerYamlLayout(yaml)

function dataOf(id: string, text: string | Buffer): unknown {
  return layout.decode(id, Buffer.from(text as string), MODIFIED).data
}

function record(data: SessionRecord['data'], more: Partial<SessionRecord> = {}): SessionRecord {
  return { data, createdAt: 1_795_000_000_000, expiresAt: 1_795_007_200_000, revision: 3, ...more }
}

/** What we make of Perl's special values: a reference is what it points to, the rest is null. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (!isPlainObject(value)) return value
  if ('$perl' in value) return null
  if ('$ref' in value) return value['$ref'] === 'CYCLE' ? null : plain(value['$ref'])
  const copy: JsonObject = {}
  for (const key of Object.keys(value)) put(copy, key, plain(value[key]))
  return copy
}

describe('files of the real YAML engine', () => {
  const cases = readdirSync(FIXTURES)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => name.replace('.yml', ''))

  it('are all here', () => {
    expect(cases).toHaveLength(20)
  })

  for (const name of cases) {
    it(`reads ${name} as Perl does`, () => {
      const expected = JSON.parse(
        readFileSync(`${FIXTURES}${name}.expected.json`, 'utf8'),
      ) as JsonObject
      const { id, ...data } = plain(expected) as JsonObject
      const isBoolean = name === '20-json-bool'
      expect(dataOf(String(id), readFileSync(`${FIXTURES}${name}.yml`))).toStrictEqual(
        isBoolean ? { t: true, f: false } : data,
      )
    })
  }
})

describe('what a reader of these files must survive', () => {
  it('reads a file without tag, header or id, with comments, and with members twice', () => {
    expect(dataOf('7', 'a: 1\n')).toStrictEqual({ a: '1' })
    expect(dataOf('7', '--- !!perl/hash:Other\n# a note\nid: 7\na: 1\na: 2\n')).toStrictEqual({
      a: '1',
    })
    expect(dataOf('7', '---\nid: 7\n~: nameless\nb:\n? c\n')).toStrictEqual({
      '': 'nameless',
      b: '',
      c: null,
    })
  })

  it('never obeys a tag', () => {
    const text = `${TAG}id: 7
code: !!perl/code '{ system("touch /x") }'
js: !!js/function 'function () { return 1 }'
binary: !!binary aGk=
date: !!timestamp 2026-11-22
set: !!set { a, b }
number: !!int 42
glob: !!perl/glob:
  PACKAGE: main
list: !!perl/array:Cart
  - 1
ref: !!perl/ref
  - no value
scalar: !!perl/scalar:Name ada
<<: { merged: 1 }
`
    expect(dataOf('7', text)).toStrictEqual({
      code: null,
      js: 'function () { return 1 }',
      binary: 'aGk=',
      date: '2026-11-22',
      set: { a: null, b: null },
      number: '42',
      glob: null,
      list: ['1'],
      ref: null,
      scalar: 'ada',
      '<<': { merged: '1' },
    })
  })

  it('follows aliases, but not into themselves, not into nothing, and not for ever', () => {
    const text = 'a: &1\n  b: [*1, 2]\nc: *1\nd: &2 text\ne: *2\n'
    const a = { b: [null, '2'] }
    expect(dataOf('7', text)).toStrictEqual({ a, c: a, d: 'text', e: 'text' })
    expect(() => dataOf('7', 'a: *nowhere\n')).toThrow('an alias points nowhere')
    const laughs = ['l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]']
    for (let n = 1; n < 12; n++) {
      laughs.push(
        `l${n}: &l${n} [${Array<string>(9)
          .fill(`*l${n - 1}`)
          .join(', ')}]`,
      )
    }
    expect(() => dataOf('7', laughs.join('\n'))).toThrow('its aliases expand too far')
  })

  it('says why a file is no session, without a word of its content', () => {
    const cases: [string | Buffer, string][] = [
      ['', 'the file is empty'],
      ['# secret\n', 'it is not an object'],
      ['secret\n', 'it is not an object'],
      ['- secret\n', 'it is not an object'],
      ['a: [secret\n', 'it does not parse'],
      ['a: "secret\n', 'it does not parse'],
      ['a: secret\n--- b\n', 'it does not parse'],
      ['? [secret]\n: 1\n', 'the name of a member is not a text'],
      ['id: 8\na: secret\n', 'its id is not its file name'],
      ['vitrine: secret\n', 'its vitrine is not an object'],
      [Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]), 'it is not UTF-8 text'],
      [`a: ${'['.repeat(600)}${']'.repeat(600)}`, 'it is nested too deep'],
      [`a: ${'['.repeat(20_000)}`, 'it is nested too deep'],
    ]
    for (const [text, reason] of cases) {
      expect(() => dataOf('7', text), reason).toThrow(new Unreadable(reason))
    }
  })
})

describe('files of ours', () => {
  const file = `${TAG}admin: 1
cart:
  -
    name: tea
    price: 2.5
  - []
  - {}
  - ~
guest: ''
id: 42
"one two": "a: b"
quote: "say \\x22hi\\x22 \\x7c \\x23 é\\x0a"
vitrine:
  created: 2026-11-18T11:06:40.000Z
  expires: 2026-11-18T13:06:40.000Z
  revision: 3
  flash:
    marks:
      - 1
      - 2
  types:
    /admin: boolean
    /guest: boolean
    /cart/0/price: number
    /vitrine/flash/marks/*: number
zip: 1234
`
  const given = record(
    {
      zip: '1234',
      'one two': 'a: b',
      admin: true,
      guest: false,
      quote: 'say "hi" | # é\n',
      cart: [{ name: 'tea', price: 2.5 }, [], {}, null],
    },
    { flash: { marks: [1, 2] } },
  )

  it('are the sorted hash that Perl knows, with our facts and the types of scalars under one key', () => {
    expect(layout.encode('42', given)).toBe(file)
  })

  it('give numbers and booleans back, and texts that look like them', () => {
    expect(layout.decode('42', Buffer.from(file), 0)).toStrictEqual({
      ...given,
      data: { ...given.data },
    })
  })

  it('give back any record as it was, our own way and through YAML 1.2', () => {
    const clean = (text: string) => text.replace(/[\p{Noncharacter_Code_Point}\p{Surrogate}]/gu, '')
    const hard = fc.constantFrom(
      'a',
      '1',
      '-',
      ':',
      ' ',
      '#',
      '"',
      "'",
      '\\',
      '\n',
      '\t',
      '\0',
      '\u0085',
      '~',
      '|',
      '😀',
      '/',
      '%',
      '*',
      '-',
    )
    const data = fc.dictionary(
      fc.string({ unit: hard }).map(clean),
      fc.jsonValue({ stringUnit: hard, maxDepth: 3 }),
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(data, fc.boolean(), (member, isRetired) => {
        const one = record(JSON.parse(JSON.stringify(member)) as SessionRecord['data'], {
          ...(isRetired && { retired: true as const, idle: 1500, lifetime: Infinity }),
        })
        expect(layout.decode('42', Buffer.from(layout.encode('42', one)), 0)).toEqual(one)
      }),
    )
  })

  it('keep digits that a number would lose as a text, and leave alone what Perl changed', () => {
    const edited = file
      .replace('price: 2.5', 'price: 9007199254740993')
      .replace('admin: 1', 'admin: yes')
      .replace("guest: ''", 'guest: 0')
      .replace('      - 1\n', '      - one\n')
      .replace(
        '    /guest: boolean\n',
        '    /guest: boolean\n    /cart/length: number\n    /no/where: number\n    /id: other\n    /%: number\n    nothing: number\n',
      )
    expect(layout.decode('42', Buffer.from(edited), 0)).toMatchObject({
      data: { admin: 'yes', guest: false, cart: [{ price: '9007199254740993' }, [], {}, null] },
      flash: { marks: ['one', 2] },
    })
  })

  it('read a number again that Perl wrote another way', () => {
    const decoded = (text: string) =>
      dataOf('42', `id: 42\nn: ${text}\nvitrine:\n  types:\n    /n: number\n`)
    expect(decoded('1e+20')).toStrictEqual({ n: 1e20 })
    expect(decoded('1152921504606847000')).toStrictEqual({ n: 2 ** 60 })
    for (const text of ['007', '1_000', '0x1f', 'Inf', '1e999', '5 apples']) {
      expect(decoded(text)).toStrictEqual({ n: text })
    }
  })

  it('refuse what Perl keeps for itself', () => {
    expect(() => layout.encode('42', record({ id: 1 }))).toThrow('session.data.id')
    expect(() => layout.encode('42', record({ vitrine: 1 }))).toThrow('session.data.vitrine')
    expect(() => layout.encode('42', record({ a: '\ud800' }))).toThrow('Perl cannot write')
  })

  it('lie under ids of digits, and not under 0, which is false', () => {
    for (const id of ['1', '362221000356202810803957607324074525', '00', '9'.repeat(128)]) {
      expect(layout.accepts(id), id).toBe(true)
    }
    for (const id of ['', '0', 'abc', '1a', '-1', '1.5', '1\n', '١', '9'.repeat(129)]) {
      expect(layout.accepts(id), id).toBe(false)
    }
  })
})
