/** Ids that no store may take, whatever its grammar, and values that are no ids at all. */

/** What every grammar takes: 39 digits are an id for the plain layout and for both of Dancer's. */
export const GOOD = '294738561029384756102938475610293847561'

const TARGETS = [GOOD, 'victim']

const WAYS_OUT = [
  ...['../', '..\\', './', '.\\', '/', '\\', '//', '\\\\', '....//', '..;/', '..', '.', '...'],
  ...['../../', '../../../../../../', 'a/../../', `${GOOD}/../`, '.vitrine/', '.vitrine/tmp/'],
  ...['%2e%2e%2f', '%2e%2e/', '..%2f', '%252e%252e%252f', '..%c0%af', '..%5c', '..%255c', '..%00/'],
  ...['file:///', 'C:\\', 'C:/', 'c:', '\\\\?\\', '\\\\.\\', '//./', '/proc/self/', '/dev/', '~/'],
  ...[
    '\u2025/',
    '\uff0e\uff0e\uff0f',
    '..\u2044',
    '..\u2215',
    '..\u29f8',
    '\u202e',
    '\0../',
    '\n../',
  ],
]

const ODD_PIECES = [
  ...['\n', '\r', '\r\n', '\0', '\t', '\v', '\f', '\b', '\u001b', '\u001b[2J', '\u007f', ' ', '  '],
  ...['.', '..', '/', '\\', '.json', '.yml', '.json.', '.json ', '\0.json', '%00', '%0a', '%20'],
  ...['::$DATA', ':stream', '?', '*', '<', '>', '|', '"', "'", '`', '$', '$(id)', ';id', '&', '='],
  ...['+', ',', '#', '!', '@', '[', ']', '{', '}', '(', '^', ':', '\u0080', '\u0085', '\u009b'],
  ...['\u00a0', '\u00ad', '\u200b', '\u200d', '\u2028', '\u2029', '\u202e', '\u2066', '\ufeff'],
  ...['\u0301', '\u00e9', '\u0131', '\u0130', '\u017f', '\u212a', '\uff10', '\u0663', '\u0967'],
  ...['\u{1d7d8}', '\u2460', '\u00b2', '\u{1f600}', '\ud800', '\udc00', '\udc00\ud800', '\ufffd'],
]

const DEVICES = [
  ...['con', 'prn', 'aux', 'nul', 'CON', 'Aux', 'NUL', 'pRn', 'com1', 'COM9', 'lpt1', 'LPT9'],
  ...['con.', 'con.json', 'aux ', 'nul.txt', 'com1:', 'lpt1.yml', 'CONIN$', 'CONOUT$', 'clock$'],
]

const INJECTIONS = [
  `${GOOD}\r\nset other 0 0 5\r\nvalue`,
  `${GOOD}\r\nflush_all`,
  "' OR '1'='1",
  `${GOOD}'; DROP TABLE sessions; --`,
  `${GOOD}" || true || "`,
  '{"$gt":""}',
  '$where',
  `${GOOD}*`,
  `sess:${GOOD}`,
  '*',
  `\${jndi:ldap://a/b}`,
  '<script>alert(1)</script>',
]

/** Lengths that a name of a file, a cookie or a key of some cache just does not have any more. */
const LENGTHS = [129, 130, 200, 250, 251, 255, 256, 257, 511, 1000, 1024, 4091, 4096, 4097, 5000]

/** Texts that are no id in any grammar. */
export const HOSTILE_TEXTS: readonly string[] = [
  ...new Set([
    '',
    ...LENGTHS.flatMap((length) => ['a'.repeat(length), '1'.repeat(length)]),
    ...WAYS_OUT.flatMap((way) => TARGETS.map((target) => way + target)),
    ...ODD_PIECES.flatMap((piece) => [
      GOOD + piece,
      piece + GOOD,
      GOOD.slice(0, 20) + piece + GOOD.slice(20),
    ]),
    ...[...ODD_PIECES, ...WAYS_OUT],
    ...DEVICES,
    ...INJECTIONS,
    `-${GOOD}`,
    `~${GOOD}`,
    `--${GOOD}`,
  ]),
]

/** Texts that Dancer's JSON engine takes for ids and the plain grammar does not: no file of ours has such a name. */
export const NOT_PLAIN: readonly string[] = [
  ...Array.from({ length: 15 }, (_, length) => 'a'.repeat(length + 1)),
  ...['ABCDEFGHIJKLMNOP', 'abcdefghijklmnoP', 'mfzxg3dpo5xgk4tfmrqw2zlomvzwk4tF', '0', '1', '_'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'then'],
  ...['__defineGetter__', '__lookupSetter__', '_aaaaaaaaaaaaaaaa', `${GOOD}~`, 'a~aaaaaaaaaaaaaaa'],
]

/** What is not even a text, and becomes one only for whoever asks too kindly. */
export function hostileValues(): readonly unknown[] {
  let asked = 0
  class Named extends String {}
  return [
    ...[undefined, null, true, false, 0, -0, 1, -1, NaN, Infinity, Number(GOOD), 10n ** 38n, 0n],
    ...[Symbol('id'), Symbol.iterator, Symbol.for(GOOD), Object(Symbol('id')), Object(1n)],
    ...[[], [GOOD], [[GOOD]], ['../victim'], [GOOD, GOOD], [...GOOD], [undefined], [null]],
    ...[{}, { id: GOOD }, { toString: () => GOOD }, { valueOf: () => GOOD }, { length: 39 }],
    ...[{ [Symbol.toPrimitive]: () => GOOD }, { toJSON: () => GOOD }, Object.create(null)],
    { toString: () => (asked++ === 0 ? GOOD : '../victim') },
    {
      toString() {
        throw new Error('asked too kindly')
      },
    },
    ...[new String(GOOD), new Named(GOOD), new Number(1), new Date(0), /a/, new Map([[GOOD, 1]])],
    ...[Buffer.from(GOOD), new Uint8Array(39).fill(0x31), new TextEncoder().encode(GOOD).buffer],
    ...[() => GOOD, class {}, Promise.resolve(GOOD), new Set(GOOD), new URL(`file:///${GOOD}`)],
    new Proxy(new String(GOOD), {}),
    new Proxy(['../victim'], {}),
    Object.assign(() => GOOD, { toString: () => GOOD }),
    Object.assign([GOOD], { toString: () => '../victim' }),
  ]
}
