import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { isPlainObject } from '../../core/data.ts'
import { EXIT, Failure } from './failure.ts'
import { dancerSettings } from './dancer-config.ts'

/** How the files of a store look: our own JSON or YAML, or those of a Dancer app. */
export const KINDS = ['file', 'yaml', 'dancer', 'dancer-yaml'] as const

/** One of the ways. */
export type Kind = (typeof KINDS)[number]

/** A store, and how it was found. */
export interface Found {
  readonly kind: Kind
  /** Absolute. */
  readonly dir: string
  /** For a reader: `./sessions`. */
  readonly shown: string
  /** Why this one. */
  readonly why: string
}

/** What the search may look at. */
export interface Surroundings {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Finds the store to look into; the first that is named wins: the flag, VITRINE_STORE, `package.json`, a Dancer
 * `config.yml`, and last a `./sessions` that holds session files. It only looks.
 * @param flag what `--store` said
 * @throws Failure
 */
export function discover(flag: string | undefined, { cwd, env }: Surroundings): Found {
  if (flag !== undefined) return named(flag, cwd, cwd, '--store names it')
  const variable = env['VITRINE_STORE']
  if (variable) return named(variable, cwd, cwd, 'VITRINE_STORE names it')
  return (
    upward(cwd, (dir) => fromPackage(dir, cwd)) ??
    upward(cwd, (dir) => fromDancerConfig(dir, cwd, env)) ??
    fromHere(cwd) ??
    nothing()
  )
}

function nothing(): never {
  throw new Failure(EXIT.unreachable, 'No sessions here', {
    why: 'There is no VITRINE_STORE, no "vitrine" in package.json, no Dancer config.yml, no ./sessions with sessions',
    hint: 'vitrine --store file:path/to/sessions ls',
  })
}

/** Reads `file:DIR`, or a bare directory whose files tell what they are. */
function named(text: string, base: string, cwd: string, why: string): Found {
  const match = /^([a-z][a-z+-]+):(.*)$/s.exec(text)
  if (!match) return found(kindIn(resolve(base, text)) ?? 'file', resolve(base, text), cwd, why)
  const [, kind, dir] = match
  if (!isKind(kind) || !dir) {
    const known = KINDS.map((each) => `${each}:DIR`).join(', ')
    throw new Failure(EXIT.usage, `Cannot open the store "${text}"`, {
      why,
      hint: `Write it as ${known}`,
    })
  }
  return found(kind, resolve(base, dir), cwd, why)
}

function isKind(text: string | undefined): text is Kind {
  return KINDS.some((kind) => kind === text)
}

function found(kind: Kind, dir: string, cwd: string, why: string): Found {
  return { kind, dir, shown: shownPath(dir, cwd), why }
}

/** A path as a person would type it. */
function shownPath(path: string, cwd: string): string {
  const way = relative(cwd, path)
  if (way === '') return '.'
  return way.startsWith('..') || resolve(way) === way ? path : `.${sep}${way}`
}

function upward(from: string, look: (dir: string) => Found | null): Found | null {
  for (let dir = resolve(from); ; dir = dirname(dir)) {
    const result = look(dir)
    if (result || dirname(dir) === dir) return result
  }
}

/** `"vitrine": "file:sessions"`, or `"vitrine": { "store": "file:sessions" }`; relative to the file. */
function fromPackage(dir: string, cwd: string): Found | null {
  const path = join(dir, 'package.json')
  const text = contentOf(path)
  if (text === null || !text.includes('"vitrine"')) return null
  let manifest: unknown
  try {
    manifest = JSON.parse(text)
  } catch {
    return null // npm will tell
  }
  if (!isPlainObject(manifest)) return null
  const { vitrine } = manifest
  const store = isPlainObject(vitrine) ? vitrine['store'] : vitrine
  return typeof store === 'string'
    ? named(store, dir, cwd, `"vitrine" in ${shownPath(path, cwd)} names it`)
    : null
}

function fromDancerConfig(dir: string, cwd: string, env: Surroundings['env']): Found | null {
  const path = join(dir, 'config.yml')
  if (!existsSync(path)) return null
  const environment = env['DANCER_ENVIRONMENT'] ?? env['PLACK_ENV'] ?? 'development'
  const settings = {
    ...dancerSettings(contentOf(path) ?? ''),
    ...dancerSettings(
      contentOf(join(env['DANCER_ENVDIR'] ?? join(dir, 'environments'), `${environment}.yml`)) ??
        '',
    ),
  }
  const kind = { json: 'dancer', yaml: 'dancer-yaml' } as const
  const engine = settings.session?.toLowerCase()
  if (engine !== 'json' && engine !== 'yaml') return null
  const sessions = resolve(dir, settings.session_dir ?? 'sessions')
  return found(
    kind[engine],
    sessions,
    cwd,
    `${shownPath(path, cwd)} says session: ${settings.session}`,
  )
}

function fromHere(cwd: string): Found | null {
  const dir = join(cwd, 'sessions')
  const kind = kindIn(dir)
  return kind && found(kind, dir, cwd, 'it holds session files')
}

const SESSION_FILE = /^[A-Za-z0-9_~-]+\.(json|ya?ml)$/

/** What the first session file of a directory looks like; `null` when there is none. */
function kindIn(dir: string): Kind | null {
  let names: string[]
  try {
    names = readdirSync(dir)
  } catch {
    return null
  }
  for (const name of names) {
    const extension = SESSION_FILE.exec(name)?.[1]
    if (extension === undefined) continue
    const text = contentOf(join(dir, name))
    const kind = text === null ? null : extension === 'json' ? jsonKind(text) : yamlKind(text)
    if (kind) return kind
  }
  return null
}

function jsonKind(text: string): Kind | null {
  try {
    const value: unknown = JSON.parse(text)
    if (!isPlainObject(value) || value['id'] === undefined) return null
    return isPlainObject(value['data']) && typeof value['created'] === 'string' ? 'file' : 'dancer'
  } catch {
    return null
  }
}

function yamlKind(text: string): Kind | null {
  if (/^---.*Dancer::Session/m.test(text)) return 'dancer-yaml'
  if (!/^id:/m.test(text)) return null
  return /^data:/m.test(text) && /^created:/m.test(text) ? 'yaml' : 'dancer-yaml'
}

/** The text of a regular file of sane length; `null` when there is none. */
function contentOf(path: string): string | null {
  try {
    const facts = statSync(path)
    return facts.isFile() && facts.size <= 1024 * 1024 ? readFileSync(path, 'utf8') : null
  } catch {
    return null
  }
}
