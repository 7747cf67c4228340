import yaml from 'yaml'
import type { Io } from '../../src/files.ts'
import { jsonStore, yamlStore, type Store } from '../../src/index.ts'

/** An id for every layout. */
export const ID = '294738561029384756102938475610293847561'
/** The time by the engine's clock: an hour after the good file was made. */
export const NOW = Date.parse('2026-11-22T20:06:12.123Z')
const CREATED = '2026-11-22T19:06:12.123Z'
const EXPIRES = '2026-11-22T21:06:12.123Z'

type Members = Record<string, unknown>

export type DialectName = 'json' | 'dancerJson' | 'yaml' | 'dancerYaml'

/** One of the four ways in which a session stands in a file. */
export interface Dialect {
  readonly name: DialectName
  readonly file: string
  open(options: { dir: string; io?: Io; maxBytes?: number }): Store
  /** A good file but for some of its members. */
  text(change?: { readonly [K in Fact]?: unknown } & { readonly data?: unknown }): string
  /** A good file whose data is this text, as it stands in that format. */
  around(data: string): string
}

export type Fact =
  | 'id'
  | 'created'
  | 'expires'
  | 'revision'
  | 'idle'
  | 'lifetime'
  | 'retired'
  | 'flash'

const FACTS = { created: CREATED, expires: EXPIRES, revision: 3 }
const DATA = { user: 'ada', cart: [{ sku: 'b-1', count: 2 }], note: 'gr\u00fc\u00dfe \u2603' }

function plain(change: Members): Members {
  return { id: ID, ...FACTS, data: DATA, ...change }
}

function flat({ id = ID, data = DATA, ...facts }: Members): Members {
  return { id, ...(data as object), vitrine: { ...FACTS, ...facts } }
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
// YAML.pm writes null as ~
const text = (value: unknown) => yaml.stringify(value, { nullStr: '~', lineWidth: 0 })
const BLESSED = '--- !!perl/hash:Dancer::Session::YAML\n'
const facts = (assign: string, join: string) =>
  Object.entries(FACTS)
    .map(([name, value]) => `${name}${assign}${JSON.stringify(value)}`)
    .join(join)

export const DIALECTS: readonly Dialect[] = [
  {
    name: 'json',
    file: `${ID}.json`,
    open: (options) => jsonStore(options),
    text: (change = {}) => json(plain(change)),
    around: (data) =>
      `{"id":"${ID}","created":"${CREATED}","expires":"${EXPIRES}","revision":3,"data":${data}}\n`,
  },
  {
    name: 'dancerJson',
    file: `${ID}.json`,
    open: (options) => jsonStore({ ...options, layout: 'dancer' }),
    text: (change = {}) => json(flat(change)),
    around: (data) =>
      `{"id":"${ID}","vitrine":{"created":"${CREATED}","expires":"${EXPIRES}","revision":3},"data":${data}}\n`,
  },
  {
    name: 'yaml',
    file: `${ID}.yml`,
    open: (options) => yamlStore(options),
    text: (change = {}) => text(plain(change)),
    around: (data) => `id: "${ID}"\n${facts(': ', '\n')}\ndata: ${data}\n`,
  },
  {
    name: 'dancerYaml',
    file: `${ID}.yml`,
    open: (options) => yamlStore({ ...options, layout: 'dancer' }),
    text: (change = {}) => BLESSED + text(flat(change)),
    around: (data) => `${BLESSED}id: ${ID}\nvitrine:\n  ${facts(': ', '\n  ')}\ndata: ${data}\n`,
  },
]

/**
 * What becomes of a file: it is a session; it is none, and was set aside; it is none, and stays where it is
 * (because its time is over).
 */
export type Fate = 'session' | 'aside' | 'left'

/** The same everywhere, or one for each dialect. */
export type Fates = Fate | Readonly<Record<DialectName, Fate>>

export function fateIn(fates: Fates, { name }: Dialect): Fate {
  return typeof fates === 'string' ? fates : fates[name]
}

/** Short for the table: `s`, `a` or `l` for JSON, Dancer's JSON, YAML and Dancer's YAML. */
export function fates(letters: string): Fates {
  const named = { s: 'session', a: 'aside', l: 'left' } as const
  const [json, dancerJson, plainYaml, dancerYaml] = [...letters].map(
    (letter) => named[letter as 's'],
  ) as [Fate, Fate, Fate, Fate]
  return { json, dancerJson, yaml: plainYaml, dancerYaml }
}

/** A file with hostile content. */
export interface Case {
  readonly name: string
  readonly content: string | Buffer
  readonly fate: Fate
}
