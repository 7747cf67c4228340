import type { JsonObject } from '../../../src/core/data.ts'
import type { Target } from './fuzz.ts'
import type { Modules } from './modules.ts'

const KEYS = [
  'a',
  'b',
  '',
  '__proto__',
  'constructor',
  'length',
  '0',
  'toString',
  'then',
  'hasOwnProperty',
]
const LEAVES = [null, true, false, 0, 1, 2, '', 'x', '__proto__']

/** Three states from a row of bytes: a base, and two that began as the base. */
function statesFrom(input: Uint8Array): [JsonObject, JsonObject, JsonObject] {
  let at = 0
  const next = () => input[at++] ?? 0

  function value(depth: number): unknown {
    const byte = next()
    if (depth > 4 || byte < 128) return LEAVES[byte % LEAVES.length]
    if (byte < 192) return Array.from({ length: byte % 4 }, () => value(depth + 1))
    return object(depth + 1, byte % 4)
  }

  function object(depth: number, members: number): JsonObject {
    const made: [string, unknown][] = Array.from({ length: members }, () => [
      KEYS[next() % KEYS.length] as string,
      value(depth),
    ])
    return Object.fromEntries(made)
  }

  /** A few changes here and there. */
  function changed(from: unknown, depth: number): unknown {
    const byte = next()
    if (Array.isArray(from)) {
      if (byte % 3 === 0) return from
      if (byte % 3 === 1) return [...(from as unknown[]), value(depth)]
      return (from as unknown[]).map((item) => changed(item, depth + 1))
    }
    if (typeof from !== 'object' || from === null) return byte % 2 === 0 ? from : value(depth)
    const members = Object.entries(from).flatMap(([key, member]) => {
      const what = next() % 4
      return what === 0 ? [] : [[key, what === 1 ? changed(member, depth + 1) : member]]
    })
    const more = Array.from({ length: byte % 3 }, () => [KEYS[next() % KEYS.length], value(depth)])
    return Object.fromEntries([...members, ...more] as [string, unknown][])
  }

  const base = object(0, 4)
  return [base, changed(base, 0) as JsonObject, changed(base, 0) as JsonObject]
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) freeze(member)
  return Object.freeze(value)
}

/** What a value is made of: its leaves, and whether its objects are plain. */
function* leaves(value: unknown): Generator {
  if (typeof value !== 'object' || value === null) return yield value
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype)
    throw new Error('a prototype was set')
  for (const member of Object.values(value)) yield* leaves(member)
}

/** The laws of the three-way merge, on frozen states: what goes in is not changed. */
export function mergeTarget({ merge: { merge }, data: { equal } }: Modules): Target {
  const mine = (conflict: { mine: unknown }) => ({ value: conflict.mine, winner: 'mine' as const })
  const law = (found: JsonObject, wanted: JsonObject, name: string) => {
    if (!equal(found, wanted))
      throw new Error(`${name}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`)
  }
  return {
    name: 'merges',
    seeds: [
      Buffer.from('a'),
      Buffer.from([200, 3, 201, 3, 140, 1, 2, 3, 4, 5, 6]),
      Buffer.alloc(64, 193),
    ],
    words: ['\u00c3', '\u0003', '\u0080\u0080', 'aaaa'],
    run(input) {
      const [base, one, two] = freeze(statesFrom(input))
      law(merge(base, one, base, mine).data, one, 'only mine changed')
      law(merge(base, base, two, mine).data, two, 'only theirs changed')
      law(merge(base, one, one, mine).data, one, 'both did the same')
      const { data, conflicts } = merge(base, one, two, mine)
      const back = merge(base, two, one, mine)
      if (conflicts.length !== back.conflicts.length)
        throw new Error('one side sees more conflicts')
      law(merge(base, one, two, mine).data, data, 'the same again')
      const known = new Set([...leaves(one), ...leaves(two)])
      for (const leaf of leaves(data)) if (!known.has(leaf)) throw new Error('a value was made up')
    },
  }
}
