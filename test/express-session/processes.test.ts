import { execFileSync, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compiled } from '../compiled.ts'
import { clientOf, type App } from './apps.ts'

const root = path.resolve(import.meta.dirname, '..', '..')

let dist: string
let home: string
beforeAll(() => {
  dist = process.env['DIST'] ?? compiled()
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-'))
}, 120_000)
afterAll(() => fs.rmSync(home, { recursive: true, force: true }))

describe('two processes on one directory', () => {
  const children: ChildProcess[] = []
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL')
  })

  async function start(dir: string): Promise<App> {
    const child = fork(path.join(import.meta.dirname, 'server.mjs'), [dist, dir])
    children.push(child)
    const [port] = (await once(child, 'message')) as [number]
    return { url: `http://127.0.0.1:${port}`, close: async () => void child.kill() }
  }

  it('keep every key that is put at once, and a log-out in one counts in the other', async () => {
    const dir = path.join(home, 'sessions')
    const [one, two] = await Promise.all([start(dir), start(dir)])
    const first = clientOf(one)
    await first.get('/put?key=user')
    const second = clientOf(two, first.cookie)
    const keys = Array.from({ length: 50 }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key, index) => (index % 2 ? first : second).get(`/put?key=${key}`)))
    const { cookie: _, ...seen } = (await second.get('/see')) as Record<string, unknown>
    expect(Object.keys(seen).sort()).toEqual(['user', ...keys].sort())

    const slow = await second.fetch('/slow') // it has its session, and waits
    await first.get('/logout')
    await clientOf(two).get('/go')
    await slow.text()
    expect(fs.readdirSync(dir).filter((name) => name.endsWith('.json'))).toEqual([])
  })
})

describe('where express-session is found', () => {
  const script = `
    import { ExpressSessionStore } from './dist/express-session.js'
    import { memoryStore } from './dist/index.js'
    const store = new ExpressSessionStore(memoryStore())
    try {
      const session = store.createSession({ sessionID: 'a' }, { cookie: {}, user: 'ada' })
      console.log(typeof session.regenerate)
    } catch (error) {
      console.log(error.code)
    }
  `

  /** The package on its own, with what it needs and without express-session. */
  beforeAll(() => {
    fs.cpSync(path.dirname(dist), home, { recursive: true }) // with its package.json
    fs.writeFileSync(path.join(home, 'app.js'), script)
    fs.mkdirSync(path.join(home, 'node_modules'))
    for (const name of ['cookie', 'jose']) {
      fs.symlinkSync(path.join(root, 'node_modules', name), path.join(home, 'node_modules', name))
    }
  })

  it.each([
    ['nowhere', () => home, 'MISSING_PACKAGE'],
    ['where the app runs', () => root, 'function'],
  ])('%s', (_, cwd, answer) => {
    const run = execFileSync(process.execPath, [path.join(home, 'app.js')], { cwd: cwd() })
    expect(run.toString().trim()).toBe(answer)
  })
})
