import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { compiled } from '../compiled.ts'
import { place, type Place } from './world.ts'

/** The program as people run it: a process of its own, from the compiled package. */

let program = ''
beforeAll(() => {
  program = join(compiled(), 'bin.js')
}, 60_000)

const hasTerminal = spawnSync('script', ['--version']).status === 0

function env(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'xterm', ...more }
}

function run(here: Place, argv: readonly string[], input = '', more: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], {
    cwd: here.cwd,
    env: env(more),
    input,
    encoding: 'utf8',
  })
  return { exit: status, out: stdout, err: stderr }
}

/** Runs it on a pseudo-terminal of so many columns. */
function onTerminal(here: Place, argv: string, columns: number, input = ''): string {
  const command = `stty cols ${columns} rows 40 -echo; "${process.execPath}" "${program}" ${argv}; echo "exit $?"`
  return execFileSync('script', ['-qec', command, '/dev/null'], {
    cwd: here.cwd,
    env: { ...env(), SHELL: '/bin/sh' },
    input,
    encoding: 'utf8',
  })
    .replaceAll('\r\n', '\n')
    .replaceAll('\u0004\b\b', '')
}

describe('the process', () => {
  it('begins with the line that makes it a command', () => {
    expect(readFileSync(program, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it('reads, writes and answers with its exit code', async () => {
    const here = await place()
    const id = await here.add({ user: 'ada' })
    expect(run(here, ['show', id, 'user'])).toEqual({ exit: 0, out: 'ada\n', err: '' })
    expect(run(here, ['set', '-', 'role', 'admin'], `${id}\n`).exit).toBe(0)
    expect(run(here, ['ls', '-q', 'role:admin']).out).toBe(`${id}\n`)
    expect(run(here, ['show', 'nobody']).exit).toBe(3)
    expect(run(here, ['rm', id]).exit).toBe(2)
    expect(run(here, []).out).toContain('vitrine help ls')
  })

  it('is quiet when its reader has had enough', async () => {
    const here = await place()
    for (let n = 0; n < 30; n++) await here.add({ n, text: 'x'.repeat(10_000) })
    const child = spawn(process.execPath, [program, 'ls', '--json'], { cwd: here.cwd, env: env() })
    let err = ''
    child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)))
    child.stdout.once('data', () => child.stdout.destroy())
    const exit = await new Promise((resolve) => child.once('close', resolve))
    expect([exit, err]).toEqual([0, ''])
  })

  it('ends a watch in good order when it is interrupted', async () => {
    const here = await place()
    const id = await here.add({ n: 0 })
    const child = spawn(process.execPath, [program, 'watch'], { cwd: here.cwd, env: env() })
    let out = ''
    const ended = new Promise((resolve) => child.once('close', resolve))
    const told = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        out += String(chunk)
        // what it begins with may be a file that is just being written
        if (out.includes('\twritten\t')) resolve()
      })
    })
    // it says nothing in a pipe, so the change comes again until it is seen
    const nudge = setInterval(() => {
      const file = JSON.parse(readFileSync(here.fileOf(id), 'utf8')) as { data: { n: number } }
      file.data.n++
      writeFileSync(here.fileOf(id), JSON.stringify(file))
    }, 50)
    const stop = () => clearInterval(nudge)
    onTestFinished(() => {
      stop()
      child.kill('SIGKILL')
    })
    await told
    stop()
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(out).toContain(`\twritten\t${id}\t\t~n\n`)
  })
})

describe.skipIf(!hasTerminal)('on a real terminal', () => {
  it('lays out for its width, in colour', async () => {
    const here = await place()
    const user = { email: 'a-very-long-name@lovelace-and-daughters.example' }
    const id = await here.add({ user, cart: [1, 2], lastPath: '/a/long/way/home' })
    const wide = onTerminal(here, 'ls', 120)
    expect(wide).toContain(`\u001b[1m${id.slice(0, 8)}\u001b[22m  ${user.email}  cart[2] lastPath`)
    const narrow = onTerminal(here, 'ls --no-color', 60).split('\n')
    expect(narrow[0]).toMatch(/^ID {8}USER .*EXPIRES$/)
    expect(narrow[1]).toContain('…')
    for (const line of narrow.slice(0, 2)) expect(line.length).toBeLessThanOrEqual(60)
  })

  it('asks, and does what is answered', async () => {
    const here = await place()
    const id = await here.add({ user: 'ada' })
    const no = onTerminal(here, `rm ${id}`, 80, 'n\n')
    expect(no).toContain('1 session from ./sessions')
    expect(no).toContain('Nothing was removed')
    expect(no).toContain('exit 1')
    expect(await here.store.read(id)).not.toBeNull()
    expect(onTerminal(here, `rm ${id}`, 80, 'y\n')).toContain('exit 0')
    expect(await here.store.read(id)).toBeNull()
  })

  it('shows what visitors sent as inert text', async () => {
    const here = await place()
    const id = await here.add({ note: '\u001b]0;owned\u0007\u001b[2J', '\u202ekey': 1 })
    const screen = onTerminal(here, `show ${id} --no-color`, 80)
    expect(screen.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(screen).toContain('\\u001b]0;owned')
  })
})
