import { spawn, type ChildProcess } from 'node:child_process'
import { connect, createServer, type AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ask } from './blocks.ts'

/** How long a block may take, in ms. */
const TIMEOUT = 20_000

export interface Program {
  readonly process: ChildProcess
  /** What it has written so far. */
  readonly out: { stdout: string; all: string }
  /** Its exit code, or `null` when a signal ended it. */
  readonly ended: Promise<number | null>
}

/** Starts a program as a user would: nothing of this test's own environment reaches it. */
export function start(directory: string, command: string, args: readonly string[]): Program {
  const { PATH = '', HOME, TMPDIR, SystemRoot } = process.env
  const child = spawn(command, args, {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...(HOME !== undefined && { HOME }),
      ...(TMPDIR !== undefined && { TMPDIR }),
      ...(SystemRoot !== undefined && { SystemRoot }),
      PATH: [join(directory, 'node_modules', '.bin'), PATH].join(delimiter),
      LC_ALL: 'C.UTF-8',
      NO_COLOR: '1',
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
    },
  })
  const out = { stdout: '', all: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out.stdout += text
    out.all += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    out.all += text
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  ended.catch(() => undefined)
  return { process: child, out, ended }
}

/** Waits for the end of a program. Answers what it wrote to its standard output. */
export async function finish({ process: child, out, ended }: Program): Promise<string> {
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT)
  const code = await ended.finally(() => clearTimeout(timer))
  if (code === 0) return out.stdout
  const how = code === null ? `did not end within ${TIMEOUT / 1000} s` : `ended with ${code}`
  throw new Error(`The program ${how}\n${out.all}`)
}

/** Waits until a server answers on a port. */
export async function listening({ out, ended }: Program, port: number): Promise<void> {
  const over = ended.then(
    () => true,
    () => true,
  )
  for (const end = Date.now() + TIMEOUT; Date.now() < end;) {
    if (await answers(port)) return
    if (await Promise.race([sleep(25, false), over])) {
      throw new Error(`The server ended\n${out.all}`)
    }
  }
  throw new Error(`The server does not listen on port 3000\n${out.all}`)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost', () => resolve(true))
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy())
  })
}

/** A port that nobody uses now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

/** A browser's part: sends requests in turn and keeps the cookies. Answers the bodies, one a line. */
export async function ask(requests: readonly Ask[], port: number): Promise<string> {
  const jar = new Map<string, string>()
  const bodies: string[] = []
  for (const { method, path } of requests) {
    const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(`http://localhost:${port}${path}`, {
      method,
      headers: { connection: 'close', ...(cookie !== '' && { cookie }) },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT),
    })
    const body = await response.text()
    if (response.status >= 400) throw new Error(`${method} ${path}: ${response.status}\n${body}`)
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/;\s*max-age=0/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    bodies.push(body)
  }
  return bodies.join('\n')
}
