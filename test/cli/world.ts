import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { createId } from '../../src/core/id.ts'
import type { SessionData, SessionRecord, Store } from '../../src/core/store.ts'
import { jsonStore } from '../../src/stores/file/json-store.ts'
import type { ExitCode } from '../../src/tools/cli/failure.ts'
import type { World } from '../../src/tools/cli/io.ts'
import { main } from '../../src/tools/cli/main.ts'

/** What the program sees, where it is not the usual. */
export interface Scene {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Which streams are terminals: `o`ut, `e`rr, `i`n. Default none. */
  readonly terminal?: string
  readonly columns?: number
  readonly signal?: AbortSignal
  /** Hears data as it comes. */
  readonly onOutput?: (text: string) => void
  /** Hears words as they come. */
  readonly onWords?: (text: string) => void
  readonly cwd?: string
}

/** What came of a run. */
export interface Ran {
  readonly exit: ExitCode
  readonly out: string
  readonly err: string
}

/** A folder with sessions in it, and the program to look into them. */
export interface Place {
  /** Where the program runs. */
  readonly cwd: string
  /** The session directory in it. */
  readonly dir: string
  readonly store: Required<Store>
  /** The time there, which stands still: milliseconds since the epoch. */
  readonly now: number
  /** Stores a session. @returns its id */
  add(
    data: SessionData,
    more?: Partial<SessionRecord> & { age?: number; id?: string },
  ): Promise<string>
  fileOf(id: string): string
  run(argv: readonly string[], scene?: Scene): Promise<Ran>
}

const places: string[] = []

afterEach(() => {
  for (const place of places.splice(0)) rmSync(place, { recursive: true, force: true })
})

/** Makes a folder with an empty session directory. */
export async function place(): Promise<Place> {
  const cwd = mkdtempSync(join(tmpdir(), 'vitrine-cli-'))
  places.push(cwd)
  const dir = join(cwd, 'sessions')
  await mkdir(dir)
  const store = jsonStore(dir) as Required<Store>
  await store.init(() => {})
  const now = Date.now()
  const fileOf = (id: string) => join(dir, `${id}.json`)
  return {
    cwd,
    dir,
    store,
    now,
    fileOf,

    async add(data, { age = 60_000, id = createId(), ...more } = {}) {
      const at = now - age
      const record = {
        data,
        createdAt: at,
        expiresAt: now + 7_200_000,
        revision: 1,
        ...more,
      }
      await store.write(id, record, null)
      await utimes(fileOf(id), at / 1000, at / 1000)
      return id
    },

    run: (argv, scene = {}) => run(argv, { ...scene, cwd: scene.cwd ?? cwd, now }),
  }
}

async function run(
  argv: readonly string[],
  scene: Scene & { cwd: string; now: number },
): Promise<Ran> {
  const { terminal = '', columns, stdin = '', onOutput, onWords } = scene
  let out = ''
  let err = ''
  const bytes = new TextDecoder()
  const text = (chunk: string | Uint8Array) =>
    typeof chunk === 'string' ? chunk : bytes.decode(chunk)
  const world: World = {
    stdin: Object.assign(lines(stdin), { isTTY: terminal.includes('i') }),
    stdout: {
      write: (chunk) => {
        out += text(chunk)
        onOutput?.(text(chunk))
      },
      isTTY: terminal.includes('o'),
      columns,
    },
    stderr: {
      write: (chunk) => {
        err += text(chunk)
        onWords?.(text(chunk))
      },
      isTTY: terminal.includes('e'),
    },
    env: { PATH: process.env['PATH'], NO_COLOR: '1', ...scene.env },
    cwd: scene.cwd,
    manifest: new URL('../../package.json', import.meta.url),
    signal: scene.signal ?? new AbortController().signal,
    now: () => scene.now,
  }
  const exit = await main(argv, world)
  return { exit, out, err }
}

async function* lines(text: string): AsyncIterable<string> {
  await Promise.resolve()
  if (text !== '') yield text
}
