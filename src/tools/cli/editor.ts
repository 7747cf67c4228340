import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { EXIT, Failure } from './failure.ts'
import type { Terminal, World } from './io.ts'

/** A text that is being edited, in a file that nobody else may read. */
export interface Draft {
  readonly path: string
  read(): Promise<string>
  remove(): Promise<void>
}

/** Puts a text into a temporary file: mode 0600, in a directory of its own with mode 0700. */
export async function draftFile(name: string, text: string): Promise<Draft> {
  const path = join(await mkdtemp(join(tmpdir(), 'vitrine-')), name)
  await writeFile(path, text, { mode: 0o600, flag: 'wx' })
  return {
    path,
    read: () => readFile(path, 'utf8'),
    remove: () => rm(dirname(path), { recursive: true, force: true }),
  }
}

/**
 * Runs the person's editor on a file until it is closed: $VISUAL, $EDITOR, or what the system has.
 * @throws Failure when there is none, or it fails
 */
export async function runEditor(path: string, world: World, terminal: Terminal): Promise<void> {
  const { VISUAL, EDITOR } = world.env
  const editor = [VISUAL, EDITOR].find((each) => each) ?? fallback(terminal)
  // a command line, as git and crontab take it: EDITOR='code --wait' works
  const [program, ...args] =
    process.platform === 'win32'
      ? [`${editor} "${path}"`]
      : ['/bin/sh', '-c', `${editor} "$1"`, 'sh', path]
  const child = spawn(program, args, {
    stdio: 'inherit',
    cwd: world.cwd,
    env: world.env,
    shell: process.platform === 'win32',
  })
  const ended = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal ?? 1))
  })
  if (ended === 0) return
  throw new Failure(EXIT.failed, `The editor ended with ${ended}: nothing was stored`, {
    hint: 'Set EDITOR to one that is installed',
  })
}

function fallback({ canAsk }: Terminal): string {
  if (canAsk) return process.platform === 'win32' ? 'notepad' : 'vi'
  throw new Failure(EXIT.usage, 'There is no editor', {
    why: 'VISUAL and EDITOR are not set, and this is no terminal',
    hint: 'EDITOR=vi vitrine edit REF, or vitrine set REF PATH VALUE',
  })
}
