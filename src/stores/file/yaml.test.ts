import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as yaml from 'yaml'
import type { SessionRecord } from '../../core/store.ts'
import { Unreadable } from './layout.ts'
import { loadYaml, plainYamlLayout, requireYaml } from './yaml.ts'

const ID = 'mfzxg3dpo5xgk4tfmrqw2zlomvzwk4tf'
const layout = plainYamlLayout(yaml)

function record(data: SessionRecord['data']): SessionRecord {
  return { data, createdAt: 1_795_000_000_000, expiresAt: Infinity, revision: 3 }
}

function stored(data: SessionRecord['data']): unknown {
  return layout.decode(ID, Buffer.from(layout.encode(ID, record(data))), 0).data
}

/** A file whose data was edited by hand. */
function edited(data: string): unknown {
  const head = `id: ${ID}\ncreated: 2026-11-18T11:06:40.000Z\nexpires: never\nrevision: 3\n`
  return layout.decode(ID, Buffer.from(`${head}data:\n${data}`), 0).data
}

describe('plain session files in YAML', () => {
  it('can be read by a person', () => {
    expect(
      layout.encode(
        ID,
        record({ user: 'ada', cart: [{ name: 'tea', price: 2.5 }], note: 'a\nb\n' }),
      ),
    ).toBe(`created: 2026-11-18T11:06:40.000Z
expires: never
revision: 3
data:
  user: ada
  cart:
    - name: tea
      price: 2.5
  note: |
    a
    b
id: ${ID}
`)
  })

  it('that were cut off, or hold zeros, are no sessions', () => {
    const file = Buffer.from(layout.encode(ID, record({ user: 'ada', cart: ['tea', 'milk'] })))
    // without its last newline a file is still whole
    for (let length = 0; length < file.length - 1; length++) {
      expect(() => layout.decode(ID, file.subarray(0, length), 0)).toThrow(Unreadable)
      const zeros = Buffer.concat([file.subarray(0, length), Buffer.alloc(file.length - length)])
      expect(() => layout.decode(ID, zeros, 0)).toThrow(Unreadable)
    }
    const hole = Buffer.from(file).fill(0, file.indexOf('tea'), file.indexOf('tea') + 2)
    expect(() => layout.decode(ID, hole, 0)).toThrow(Unreadable)
  })

  it('give back texts that look like something else', () => {
    const words =
      'true false yes no on off null ~ Null NULL 1 -1 0x1f 0o17 1e3 .5 .inf -.INF .nan 007 1_000'
    const texts = [
      ...words.split(' '),
      ...[
        '',
        ' ',
        '\n',
        '\n\n',
        ' a',
        'a ',
        '\ta',
        'a\n b',
        ' a\nb',
        'a\n',
        'a\n\n',
        '- a',
        '? a',
        ': a',
      ],
      ...[
        'a: b',
        'a #b',
        '#a',
        '&a',
        '*a',
        '!a',
        '!!int 1',
        '%a',
        '@a',
        '`a',
        '|',
        '>',
        '---',
        '...',
        '--- a',
      ],
      ...[
        '2026-11-22',
        '12:30:45',
        '<<',
        '=',
        '[a',
        '{a',
        ',',
        "'",
        '"',
        '\\',
        '\r',
        '\r\n',
        '\u0085',
        '\u2028',
      ],
      ...[
        '\ufeff',
        '\ud800',
        'a\udc00b',
        '\0',
        '\u001b',
        '\u007f',
        '\uffff',
        '😀',
        'word '.repeat(60),
      ],
    ]
    for (const text of texts) {
      expect(stored({ text, list: [text], [text]: text }), JSON.stringify(text)).toStrictEqual({
        text,
        list: [text],
        [text]: text,
      })
    }
  })

  it('give back the keys that YAML and JavaScript know', () => {
    const data = JSON.parse(
      '{"<<":{"a":1},"__proto__":{"b":2},"constructor":1,"null":2,"":3,"?":4}',
    ) as Record<string, unknown>
    expect(stored(data)).toStrictEqual(data)
    expect(({} as Record<string, unknown>)['b']).toBeUndefined()
  })

  it('give back any JSON value', () => {
    const piece = fc.constantFrom(
      'a',
      '1',
      ' ',
      '\n',
      '-',
      ':',
      '#',
      '"',
      "'",
      '\\',
      '\t',
      '\r',
      '~',
      '|',
      '>',
      '\u0085',
      '\u2028',
      '\ufeff',
      '😀',
      '\ud800',
      '\0',
      '%',
      '.',
    )
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.jsonValue({ stringUnit: piece, maxDepth: 3 }),
      fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }),
      fc.constantFrom(1e21, 5e-324, 1.5e300, 2 ** 53, -1e-7),
    )
    fc.assert(
      fc.property(fc.string({ unit: piece }), value, (key, member) => {
        const data = { [key]: JSON.parse(JSON.stringify(member)) as unknown }
        expect(stored(data)).toEqual(data)
      }),
      { numRuns: 200 },
    )
  })

  it('know no merge keys, no tags and no types but those of JSON', () => {
    expect(edited('  <<: { a: 1 }\n  b: yes\n  d: 2026-11-22\n  o: 0o17\n')).toStrictEqual({
      '<<': { a: 1 },
      b: 'yes',
      d: '2026-11-22',
      o: 15,
    })
    expect(
      edited('  a: !!binary aGk=\n  b: !!js/function "x"\n  c: !!set\n    d:\n'),
    ).toStrictEqual({
      a: 'aGk=',
      b: 'x',
      c: { d: null },
    })
    const old = Buffer.from(
      `%YAML 1.1\n---\nid: ${ID}\ncreated: never\nexpires: never\nrevision: 3\ndata:\n  a: yes\n  b: 1:30\n  <<: { c: 1 }\n`,
    )
    expect(layout.decode(ID, old, 0).data).toStrictEqual({ a: 'yes', b: '1:30', '<<': { c: 1 } })
  })

  it('call what is not JSON, or not bounded, unreadable', () => {
    const laughs = ['  l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]']
    for (let n = 1; n < 12; n++) {
      laughs.push(
        `  l${n}: &l${n} [${Array<string>(9)
          .fill(`*l${n - 1}`)
          .join(', ')}]`,
      )
    }
    const bad = [
      '  a: .inf\n',
      '  a: .nan\n',
      '  a: &a [*a]\n',
      '  a: *nowhere\n',
      '  a: 1\n  a: 2\n',
      '  a: [\n',
      `  a: ${'['.repeat(600)}${']'.repeat(600)}\n`,
      `  a: ${'['.repeat(20_000)}\n`,
      laughs.join('\n'),
    ]
    for (const text of bad) expect(() => edited(text), text.slice(0, 40)).toThrow(Unreadable)
  })
})

describe('the yaml package', () => {
  it('is there, in one copy, whichever way it is loaded', async () => {
    expect((await loadYaml()).parse('a: 1')).toEqual({ a: 1 })
    expect(requireYaml().Document).toBe((await loadYaml()).Document)
  })

  it('is named when it is not there', async () => {
    const nowhere = pathToFileURL(join(tmpdir(), 'nobody.js')).href
    const absent = pathToFileURL(join(tmpdir(), 'nobody.mjs')).href
    await expect(loadYaml(() => import(absent) as Promise<typeof yaml>)).rejects.toMatchObject({
      code: 'MISSING_PACKAGE',
      message: 'Cannot open YAML sessions: install it with npm i yaml',
    })
    expect(() => requireYaml(nowhere)).toThrow(
      expect.objectContaining({ code: 'MISSING_PACKAGE' }) as Error,
    )
  })
})
