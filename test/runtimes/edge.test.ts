import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../package/bundle.ts'
import { edge } from './installed.ts'
import { makeProject } from './project.ts'

/** The package on the runtime of Cloudflare Workers, with nothing of Node's. */

const SEALED = `
  import { sealedCookie } from 'vitrine'
  import { withSession } from 'vitrine/web'
  const store = sealedCookie({ secrets: ['a secret of the tests, 32 bytes or more'] })
  const sessions = withSession({ store })
  export default {
    fetch: sessions((request, session) => {
      session.data.n = (session.data.n ?? 0) + 1
      return Response.json(session.data)
    }),
  }`

const BY_DEFAULT = `
  import { withSession } from 'vitrine/web'
  const sessions = withSession()((request, session) => {
    session.data.n = 1
    return new Response('ok')
  })
  export default {
    fetch: (request) => sessions(request).catch(({ name, code, message }) => Response.json({ name, code, message })),
  }`

const { name, version, program } = edge()
if (program === null) {
  console.warn(`Skipping ${name}: not installed, run node scripts/runtimes.mjs`)
}

describe.skipIf(program === null)(`on ${name} (${version})`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'vitrine-edge-'))
  const servers: ChildProcess[] = []
  let sealed: string
  let byDefault: string

  beforeAll(async () => {
    makeProject(directory, [])
    sealed = await serve('sealed', SEALED)
    byDefault = await serve('by-default', BY_DEFAULT)
  }, 60_000)
  afterAll(async () => {
    const ended = servers.map((server) => once(server, 'exit'))
    for (const server of servers) server.kill()
    await Promise.all(ended)
    rmSync(directory, { recursive: true, force: true })
  })

  /** Serves an app at an address of its own. @returns its URL */
  async function serve(title: string, app: string): Promise<string> {
    const how = { codeSplitting: false, conditions: ['workerd'] }
    const [code] = await bundle(directory, app, how)
    writeFileSync(join(directory, `${title}.mjs`), code?.code ?? '')
    const config = join(directory, `${title}.capnp`)
    writeFileSync(
      config,
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "app", worker = .app)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "app")]
);
const app :Workerd.Worker = (
  modules = [(name = "app.mjs", esModule = embed "${title}.mjs")],
  compatibilityDate = "2026-11-01"
);
`,
    )
    const server = spawn(program as string, ['serve', config, '--control-fd=1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    servers.push(server)
    for await (const line of createInterface(server.stdout)) {
      const told = JSON.parse(line) as { event: string; port: number }
      if (told.event === 'listen') return `http://127.0.0.1:${told.port}/`
    }
    throw new Error(`${name} does not start`)
  }

  it('a sealed cookie carries the session', async () => {
    const first = await fetch(sealed)
    expect(await first.json()).toEqual({ n: 1 })
    const [cookie = ''] = first.headers.getSetCookie()
    expect(cookie).toMatch(/^id=[^;]{100,}; Max-Age=7200; Path=\/; HttpOnly; SameSite=Lax$/)
    const second = await fetch(sealed, { headers: { cookie: cookie.split(';')[0] as string } })
    expect(await second.json()).toEqual({ n: 2 })
    const stranger = await fetch(sealed, { headers: { cookie: 'id=forged' } })
    expect(await stranger.json()).toEqual({ n: 1 })
  })

  it('an app that names no store is told that there are no files', async () => {
    expect(await (await fetch(byDefault)).json()).toEqual({
      name: 'VitrineError',
      code: 'CONFIG',
      message: expect.stringMatching(
        /^Cannot keep sessions: there are no files here; .* sealedCookie/,
      ),
    })
  })
})
