import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** The demo as `npm start` runs it, built from the sources as they are now. */
describe('the demo as a process', () => {
  let place: string

  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'vitrine-start-'))
    for (const name of ['src', 'node_modules']) symlinkSync(join(ROOT, name), join(place, name))
    copyFileSync(join(ROOT, 'package.json'), join(place, 'package.json'))
    spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), join(place, 'dist')])
  }, 60_000)
  afterAll(() => rmSync(place, { recursive: true }))

  interface Ended {
    readonly code: number | null
    readonly out: string
    readonly errors: string
  }
  interface Started {
    readonly child: ChildProcess
    readonly ended: Promise<Ended>
    /** Settles with the address of the shop. */
    readonly url: Promise<string>
  }

  function start(env: Record<string, string>): Started {
    const child = spawn(process.execPath, [join(place, 'dist/tools/demo/main.js')], {
      cwd: place,
      env: { PATH: process.env['PATH'], ...env },
    })
    let out = ''
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    const url = new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString()
        const [found] = /http:\/\/\S+/.exec(out) ?? []
        if (found) resolve(found)
      })
      child.once('close', () => reject(new Error(errors)))
    })
    url.catch(() => undefined)
    const ended = once(child, 'close').then(([code]): Ended => ({ code, out, errors }))
    return { child, ended, url }
  }

  it('says in a few plain lines where it runs, and what to try', async () => {
    const { child, ended, url } = start({ PORT: '0' })
    await url
    child.kill('SIGTERM')
    const { code, out } = await ended
    expect(code).toBe(0)
    expect(out.trim().split('\n').length).toBeLessThanOrEqual(12)
    expect(out).toContain('sessions/<id>.json')
    expect(out).toContain('npx vitrine watch')
    expect(out).not.toContain('\u001b')
  })

  it('closes cleanly on Ctrl-C, also while a browser follows it', async () => {
    const { child, ended, url } = start({ PORT: '0' })
    const live = await fetch(`${await url}/live`)
    const reader = live.body?.getReader()
    await reader?.read()
    child.kill('SIGINT')
    const { code, out, errors } = await ended
    await reader?.cancel().catch(() => undefined)
    expect(code).toBe(0)
    expect(errors).toBe('')
    expect(out).toContain('The shop is closed')
  })

  it('names a port that it was given and cannot have', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { code, errors } = await start({ PORT: String(port) }).ended
    taken.close()
    expect(code).toBe(1)
    expect(errors).toBe(`✗ Port ${port} is taken: choose another with PORT=3001\n`)
  })

  it('refuses a port that is none', async () => {
    const { code, errors } = await start({ PORT: 'http' }).ended
    expect(code).toBe(1)
    expect(errors).toContain('PORT is "http"')
  })
})
