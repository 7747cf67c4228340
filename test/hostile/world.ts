import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { nodeIo, type Io } from '../../src/files.ts'

/** A directory of the test's own, with a session directory and something beside it that nobody may touch. */
export interface World {
  readonly parent: string
  readonly dir: string
  /** Everything under the parent but the session directory: names, kinds, modes, times and content. */
  outside(): Record<string, string>
  remove(): void
}

export function newWorld(): World {
  const parent = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-hostile-'))
  const dir = path.join(parent, 'sessions')
  fs.mkdirSync(path.join(parent, 'beside', 'deeper'), { recursive: true })
  for (const name of ['victim', 'victim.json', 'victim.yml', 'beside/victim.json']) {
    fs.writeFileSync(
      path.join(parent, name),
      '{"id":"victim","user":"ada","data":{"user":"ada"}}\n',
    )
  }
  return {
    parent,
    dir,
    outside: () => snapshot(parent, [dir]),
    remove: () => fs.rmSync(parent, { recursive: true, force: true }),
  }
}

/** Everything in a directory as text. @param except paths that are left out, with what is in them */
export function snapshot(root: string, except: readonly string[] = []): Record<string, string> {
  const found: Record<string, string> = {}
  const look = (at: string): void => {
    for (const entry of fs.readdirSync(at, { withFileTypes: true })) {
      const file = path.join(at, entry.name)
      if (except.includes(file)) continue
      const { mode, mtimeMs, size } = fs.lstatSync(file)
      const content = entry.isFile()
        ? fs.readFileSync(file, 'latin1')
        : entry.isSymbolicLink()
          ? fs.readlinkSync(file)
          : ''
      const time = entry.isDirectory() ? '' : `${mtimeMs} ${size}`
      found[path.relative(root, file)] = `${mode} ${time} ${content}`
      if (entry.isDirectory()) look(file)
    }
  }
  look(root)
  return found
}

/** The real file system, and the path of everything that is asked of it. */
export function recordingIo(paths: string[], base: Io = nodeIo): Io {
  const heard = { ...base }
  for (const name of [
    'open',
    'lstat',
    'rename',
    'unlink',
    'discard',
    'mkdir',
    'rmdir',
    'readdir',
    'entries',
    'watch',
  ] as const) {
    const real = base[name] as (...args: unknown[]) => unknown
    Object.assign(heard, {
      [name]: (...args: unknown[]) => {
        paths.push(...args.filter((arg) => typeof arg === 'string'))
        return real(...args)
      },
    })
  }
  return heard
}

/** The real file system with a clock that runs, so that nobody waits: an unreadable file is soon believed. */
export function hastyIo(base: Io = nodeIo): Io {
  let elapsed = 0
  return { ...base, elapsed: () => (elapsed += 10), sleep: async () => undefined }
}

/** What `Object.prototype` and its kin have, to see that nothing was added. */
export function prototypes(): string {
  return [Object, Array, String, Number, Boolean, Function, Map, Error, Promise]
    .map(({ name, prototype }) => {
      const members = Object.getOwnPropertyDescriptors(prototype)
      return `${name} ${Reflect.ownKeys(members).map(String).sort().join(' ')}`
    })
    .join('\n')
}
