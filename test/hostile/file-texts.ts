import { gzipSync } from 'node:zlib'
import { fates, fateIn, ID, type Case, type Dialect, type Fates } from './dialects.ts'

/** Files that are no text, another text, or a text with traps in it. */

type Row = readonly [name: string, content: string | Buffer, fate: Fates]

const bytes = (...parts: (string | readonly number[])[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)))

/** What no program of ours ever wrote. */
function foreign(): Row[] {
  const texts: [string, string | Buffer][] = [
    ...[
      '',
      '\n',
      ' ',
      '\t',
      '\r\n',
      '\0',
      '\ufeff',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '{]',
      '[}',
      '{{}}',
    ],
    ...['{}', '[]', '[{}]', '[[]]', 'null', 'true', '0', '-1', '1e400', '"s"', 'NaN', 'undefined'],
    ...[
      '// x',
      '# x',
      '/* x */',
      '---',
      '...',
      '- a',
      '? a',
      '%YAML 1.1',
      '&a',
      '*a',
      '!!map',
      '<<',
    ],
    ...[
      '<html></html>',
      '<?php exit;',
      '#!/bin/sh\n',
      '=====\n',
      'a=b\n',
      '[section]\nx=1\n',
      '\\',
    ],
    ...['{"id":', '{"id":1}', `{"id":"${ID.slice(1)}"}`, `{"id":["${ID}"],"data":{}}`, `"${ID}"`],
    ...[`[{"id":"${ID}","data":{}}]`, ID, `{"data":{}}x{`, `{"ID":"${ID}","Data":{},"a":[`],
  ].map((text) => [JSON.stringify(text), text])
  texts.push(
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['gzip', gzipSync('{}')],
    ['an ELF program', bytes([0x7f], 'ELF', [2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['SQLite', bytes('SQLite format 3', [0])],
    ['a picture', bytes([0x89], 'PNG\r\n', [0x1a], '\n')],
    [
      'a kilobyte of noise',
      Buffer.from(Array.from({ length: 1024 }, (_, n) => (n * n * 31) % 251)),
    ],
  )
  return texts.map(([name, text]) => [name, text, DANCER_DATA[name] ?? 'aside'])
}

/** To Dancer any hash is a session, with or without an id in it. */
const DANCER_DATA: Readonly<Record<string, Fates>> = {
  '"{}"': fates('asas'),
  [JSON.stringify('{"data":{}}x{')]: fates('asaa'),
  '"? a"': fates('aaas'),
}

/** A good file in another encoding, or with bytes that do not belong there. */
function encodings(dialect: Dialect): Row[] {
  const good = dialect.text()
  const swapped = Buffer.from(good, 'utf16le').swap16()
  const inside = (...odd: number[]) => {
    const [before, after] = good.split('ada') as [string, string]
    return bytes(before, odd, after)
  }
  // Perl writes Latin-1 where the app says so: any byte is a character there
  const latin = fates('asaa')
  return [
    ['as it should be', good, 'session'],
    ['with a byte order mark', `\ufeff${good}`, 'session'],
    ['UTF-16LE with its mark', bytes([0xff, 0xfe], [...Buffer.from(good, 'utf16le')]), 'aside'],
    ['UTF-16BE with its mark', bytes([0xfe, 0xff], [...swapped]), 'aside'],
    ['UTF-16LE', Buffer.from(good, 'utf16le'), 'aside'],
    ['UTF-16BE', swapped, 'aside'],
    ['a lone continuation', inside(0x80), latin],
    ['an overlong slash', inside(0xc0, 0xaf), latin],
    ['a surrogate', inside(0xed, 0xa0, 0x80), latin],
    ['beyond Unicode', inside(0xf5, 0x80, 0x80, 0x80), latin],
    ['half a character', inside(0xe2, 0x82), latin],
    ['a byte that is never there', inside(0xff), latin],
    ['Latin-1', Buffer.from(good.replace('\u2603', ''), 'latin1'), latin],
  ]
}

/** A good file with something before or after it. */
function garbage(dialect: Dialect): Row[] {
  const good = dialect.text()
  const after: [string, Fates][] = [
    ...['\n', '\n\n\n', ' \n', '\r\n'].map((text) => [text, 'session'] as [string, Fates]),
    // two Perl processes can leave a shorter text over a longer one: the first object counts
    ...['}', ']', '"', '{}', good, '\0', '\ufeff', 'x', '//', ',', '[1'].map(
      (text) => [text, fates('asaa')] as [string, Fates],
    ),
    ['# a comment\n', fates('asss')],
    ['\n---\nid: 1\n', fates('asaa')],
    ['...\n', fates('asss')],
  ]
  const before: [string, Fates][] = [
    ['\n', 'session'],
    ['# a comment\n', fates('aass')],
    ['{}', fates('asaa')],
    ...['x', '}', '\0', '[', ','].map((text) => [text, 'aside'] as [string, Fates]),
  ]
  return [
    ...after.map(([text, fate]): Row => [
      `then ${JSON.stringify(text.slice(0, 9))}`,
      good + text,
      fate,
    ]),
    ...before.map(([text, fate]): Row => [`after ${JSON.stringify(text)}`, text + good, fate]),
  ]
}

/** Data that is a trap: as it stands in the file. */
function traps(dialect: Dialect): Row[] {
  const nested = (open: string, close: string, depth: number) =>
    open.repeat(depth) + close.repeat(depth)
  const many = (count: number, item: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => item(n)).join(',')
  const poison = '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'
  let deep = poison
  const poisoned: [string, string, Fates][] = []
  for (let depth = 0; depth <= 5; depth++, deep = `{"__proto__":${deep},"d":[${deep}]}`) {
    poisoned.push([`poison ${depth} levels down`, deep, 'session'])
  }
  const rows: [string, string, Fates][] = [
    ...poisoned,
    ...[10, 64, 500].map((depth): [string, string, Fates] => [
      `${depth} levels`,
      `{"a":${nested('[', ']', depth)}}`,
      'session',
    ]),
    ['900 levels', `{"a":${nested('[', ']', 900)}}`, fates('saaa')],
    ['5,000 levels', `{"a":${nested('[', ']', 5000)}}`, 'aside'],
    ['200,000 levels', `{"a":${nested('[', ']', 200_000)}}`, 'aside'],
    ['200,000 objects', nested('{"a":', '}', 100_000).replace('}', '1}'), 'aside'],
    ['500,000 that never close', `{"a":${'['.repeat(500_000)}`, 'aside'],
    ['20,000 keys', `{${many(20_000, (n) => `"k${n}":${n}`)}}`, 'session'],
    ['100,000 items', `{"a":[${many(100_000, () => '1')}]}`, 'session'],
    ['a long name', `{"${'k'.repeat(100_000)}":1}`, 'session'],
    ['a long text', `{"a":"${'x'.repeat(900_000)}"}`, 'session'],
    ['a long number', `{"a":${'9'.repeat(300)}}`, 'session'],
    ['a number without end', `{"a":${'9'.repeat(400)}}`, fates('asas')],
    ['1e400', '{"a":1e400}', fates('aaas')],
    ['-1e400', '{"a":-1e400}', fates('aaas')],
    ['1e-400', '{"a":1e-400}', 'session'],
    ['-0', '{"a":-0}', 'session'],
    ['Infinity', '{"a":Infinity}', fates('aass')],
    ['NaN', '{"a":NaN}', fates('aass')],
    ['.inf', '{"a": .inf}', fates('aaas')],
    ['0x10', '{"a":0x10}', fates('aass')],
    ['010', '{"a":010}', fates('aass')],
    ['two of one name', '{"a":1,"a":2}', fates('ssas')],
    ['two ways to write one name', '{"a":1,"\\u0061":2}', fates('ssas')],
    ['two of poison', '{"__proto__":1,"__proto__":{"admin":true}}', fates('ssas')],
    ['half a pair', '{"a":"\\ud800","\\udc00":1}', 'session'],
    ['a comma too many', '{"a":1,}', fates('aass')],
    ['a comma too few', '{"a":1 "b":2}', fates('aass')],
    ['a control byte', '{"a":"\u0001"}', fates('aass')],
    ['a comment', '{"a":1} // x', fates('aaaa')],
    ['a function', '{"a":function(){}}', fates('aaaa')],
    [
      'names of methods',
      '{"toJSON":1,"then":2,"hasOwnProperty":3,"length":4,"valueOf":5}',
      'session',
    ],
  ]
  return rows.map(([name, data, fate]) => [name, dialect.around(data), fate])
}

/** What only YAML has. */
function yamlTraps(dialect: Dialect): Row[] {
  if (!dialect.name.toLowerCase().includes('yaml')) return []
  const laughs = ['\n  l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]']
  for (let n = 1; n < 12; n++)
    laughs.push(
      `  l${n}: &l${n} [${Array(9)
        .fill(`*l${n - 1}`)
        .join(', ')}]`,
    )
  const tags = [
    ...[
      '!!js/function "function () { throw 1 }"',
      '!!js/regexp /a/',
      '!!js/undefined ""',
      '!!float 1',
    ],
    ...[
      '!!python/object/apply:os.system ["id"]',
      '!!ruby/object:Gem::Installer {}',
      '!!binary aGk=',
    ],
    ...[
      '!!perl/hash:Evil {a: 1}',
      '!!perl/code "{ system 1 }"',
      '!!perl/regexp x',
      '!!perl/array:A [1]',
    ],
    ...[
      '!!perl/ref {"=": 1}',
      '!!perl/scalar:A x',
      '!<tag:yaml.org,2002:str> 1',
      '!own x',
      '!!set {a}',
    ],
    ...['!!omap [a: 1]', '!!timestamp 2026-11-22', '!!null ""', '!!bool yes', '!!int 0o7', '! x'],
  ]
  const rows: [string, string, Fates][] = [
    ...tags.map((tag): [string, string, Fates] => [tag, `{a: ${tag}}`, 'session']),
    ['a billion laughs', laughs.join('\n'), 'aside'],
    ['an anchor', '{a: &a [1], b: *a}', 'session'],
    ['a merge', '{<<: {a: 1}, b: 2}', 'session'],
    [
      'a merge of poison',
      '{<<: {__proto__: {admin: true}}, constructor: {prototype: 1}}',
      'session',
    ],
    ['an alias to nothing', '{a: *nowhere}', 'aside'],
    ['itself', '&a {a: *a}', fates('..as')],
    ['a list as a name', '{[a, b]: 1}', 'aside'],
    ['a hash as a name', '{{a: 1}: 1}', 'aside'],
    ['an alias as a name', '{a: &a x, *a : 1}', 'aside'],
    ['800 names inside names', `{a: ${'? '.repeat(100)}1}`, 'aside'],
    ['a thousand lists, never closed', `{a: ${'['.repeat(1000)}`, 'aside'],
    ['a thousand dashes', `\n${'- '.repeat(1000)}a`, 'aside'],
    ['a thousand questions', `\n  ${'? '.repeat(1000)}a`, 'aside'],
    ['a tab', '\n\ta: 1', 'aside'],
    ['a directive', '{a: 1}\n%YAML 1.1', 'aside'],
    ['blocks', '\n  a: |\n    x\n  b: >-\n    y', 'session'],
    ['words of YAML 1.1', '{a: yes, b: 1:30, c: 0o17, d: ~}', 'session'],
  ]
  return rows.map(([name, data, fate]) => [name, dialect.around(data), fate])
}

export function hostileTexts(dialect: Dialect): Case[] {
  return [foreign(), encodings(dialect), garbage(dialect), traps(dialect), yamlTraps(dialect)]
    .flat()
    .map(([name, content, expected]) => ({ name, content, fate: fateIn(expected, dialect) }))
}

/** A good file cut off after each of its bytes. The end of a JSON file is its last bracket. */
export function truncated(dialect: Dialect): Case[] {
  const whole = Buffer.from(dialect.text())
  return Array.from({ length: whole.length }, (_, length) => ({
    name: `${length} bytes`,
    content: whole.subarray(0, length),
    fate: length === whole.length - 1 ? 'session' : 'aside',
  }))
}
