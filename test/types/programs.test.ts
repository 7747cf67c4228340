import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compiled } from '../compiled.ts'
import { link, ROOT, tsc } from '../package/pack.ts'

/** What a project declares for all of its files: each of these is a project of its own, with the package as built. */

const directory = mkdtempSync(join(tmpdir(), 'vitrine-types-'))

beforeAll(() => {
  const own = join(directory, 'node_modules', 'vitrine')
  mkdirSync(own, { recursive: true })
  symlinkSync(compiled(), join(own, 'dist'), 'junction')
  symlinkSync(join(ROOT, 'package.json'), join(own, 'package.json'))
  const packages = ['@types/node', '@types/express', 'fastify', 'koa', '@types/koa', 'hono', 'zod']
  for (const name of packages) link(directory, name)
}, 60_000)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const STRICT = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
}

let projects = 0

/** Type-checks one project. @returns what the compiler has against it */
async function check(
  files: Readonly<Record<string, string>>,
  options: object = {},
): Promise<string> {
  const name = `project-${++projects}`
  mkdirSync(join(directory, name))
  writeFileSync(join(directory, name, 'package.json'), '{ "type": "module" }\n')
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, name, file), text)
  const config = { compilerOptions: { ...STRICT, ...options }, files: Object.keys(files) }
  writeFileSync(join(directory, name, 'tsconfig.json'), JSON.stringify(config))
  const { stdout, stderr } = await tsc(join(directory, name), '-p', '.', '--pretty', 'false')
  return stdout + stderr
}

/** What a handler of any framework sees of a widened `SessionData`. */
const LOOK = `
  import type { SessionData } from 'vitrine'

  function look({ data }: { readonly data: SessionData }): string {
    const visits: number = data.visits
    // @ts-expect-error the user may be absent
    void data.user.name
    // @ts-expect-error visits is a number
    data.visits = 'many'
    return (data.user?.name ?? 'nobody') + visits
  }
`

/** Frameworks that have a session of their own type each. */
const FRAMEWORKS = {
  Fastify: `
    import fastify from 'fastify'
    import { session } from 'vitrine/fastify'

    const sessions = session()
    const app = fastify()
    app.register(sessions)
    app.register(session, { idle: '1h' })
    app.get('/', async (request) => {
      request.session.update((data) => {
        data.visits++
      })
      // @ts-expect-error visits is a number
      request.session.data.visits = 'many'
      return look(request.session) + look(sessions.of(request))
    })
  `,
  Koa: `
    import Koa from 'koa'
    import { session } from 'vitrine/koa'

    const sessions = session()
    const app = new Koa()
    app.use(sessions)
    app.use((ctx) => {
      ctx.session.update((data) => {
        data.visits++
      })
      // @ts-expect-error visits is a number
      ctx.session.data.visits = 'many'
      ctx.body = look(ctx.session) + look(sessions.of(ctx))
    })
  `,
  Hono: `
    import { Hono } from 'hono'
    import { session, type SessionVariables } from 'vitrine/hono'

    export const chained = new Hono().use(session()).get('/', (c) => {
      c.var.session.update((data) => {
        data.visits++
      })
      return c.text(look(c.get('session')))
    })
    export const inPieces = new Hono<{ Variables: SessionVariables }>()
    inPieces.use(session())
    inPieces.get('/', (c) => {
      // @ts-expect-error visits is a number
      c.var.session.data.visits = 'many'
      return c.text(look(c.var.session))
    })
  `,
} as const

describe('SessionData that a project widens', () => {
  const widened = `
    import 'vitrine'

    declare module 'vitrine' {
      interface SessionData {
        user?: { name: string }
        visits: number
      }
    }
  `
  const use = `
    import express from 'express'
    import { createEngine, createSessions, type Session, type SessionData } from 'vitrine'
    import { session } from 'vitrine/express'
    import { changesOf, cookieFor } from 'vitrine/testing'
    import { withSession } from 'vitrine/web'

    function look({ data }: { readonly data: SessionData }): void {
      const name: string | undefined = data.user?.name
      const visits: number = data.visits
      const other: unknown = data.other
      // @ts-expect-error the user may be absent
      void data.user.name
      // @ts-expect-error visits is a number
      data.visits = 'many'
      void [name, visits, other]
    }

    const app = express()
    const sessions = session()
    app.use(sessions)
    app.get('/', (req, res) => {
      look(req.session)
      look(sessions.of(req))
      req.session.update((data) => {
        data.visits++
      })
      const name: string | undefined = req.session.data.user?.name
      // @ts-expect-error visits is a number
      req.session.data.visits = 'many'
      res.send(name)
    })

    const engine = createEngine()
    const made = await engine.create({ visits: 1 })
    look(made)
    const visits: number | undefined = (await engine.retrieve(''))?.data.visits
    // @ts-expect-error a session begins with all that is not optional
    await engine.create({ user: { name: 'ada' } })
    // @ts-expect-error a user has a name
    await engine.create({ visits: 1, user: 'ada' })

    const opened: Session = await createSessions().open({ headers: new Headers() })
    look(opened)
    export const handler = withSession()((_, { data }) => Response.json({ n: data.visits + 1 }))

    const cookie = await cookieFor(sessions, { user: { name: 'ada' } })
    // @ts-expect-error a user has a name
    await cookieFor(sessions, { user: 5 })
    await changesOf(sessions, cookie, () => fetch('http://localhost/'))
    export { visits }
  `

  it('shows wherever a session is, without a schema', async () => {
    expect(await check({ 'session.d.ts': widened, 'app.ts': use })).toBe('')
  })

  it.each(Object.entries(FRAMEWORKS))('shows in %s', async (_, app) => {
    expect(await check({ 'session.d.ts': widened, 'app.ts': LOOK + app })).toBe('')
  })

  it.each(Object.entries(FRAMEWORKS))('is missed in %s where nobody widens it', async (_, app) => {
    expect(await check({ 'app.ts': LOOK + app })).toContain('Unused')
  })

  it('leaves a schema alone, which says everything itself', async () => {
    const typed = `
      import { createEngine } from 'vitrine'
      import { z } from 'zod'

      const engine = createEngine({ schema: z.object({ items: z.array(z.string()) }) })
      const { data } = await engine.create({ items: ['tea'] })
      const items: string[] = data.items
      // @ts-expect-error the schema knows no visits
      void data.visits
      export { items }
    `
    expect(await check({ 'session.d.ts': widened, 'app.ts': typed })).toBe('')
  })

  it('is of its own project only', async () => {
    const told = await check({ 'app.ts': use })
    expect(told).toContain("Type 'unknown' is not assignable to type 'number'")
    expect(told).toContain("Unused '@ts-expect-error' directive")
  })
})

describe('beside the types of express-session', () => {
  /** The declarations of @types/express-session 1.19 that meet ours, word for word where they do. */
  const types = `
    import express = require('express')

    declare global {
      namespace Express {
        type SessionStore = session.Store & { generate: (req: Request) => void }
        interface Request {
          session: session.Session & Partial<session.SessionData>
          sessionID: string
          sessionStore: SessionStore
        }
      }
    }

    export = session
    declare function session(options?: { secret: string }): express.RequestHandler
    declare namespace session {
      interface Cookie { originalMaxAge: number | null }
      interface SessionData { cookie: Cookie }
      class Session {
        id: string
        cookie: Cookie
        regenerate(callback: (err: any) => void): this
        destroy(callback: (err: any) => void): this
        save(callback?: (err: any) => void): this
      }
      abstract class Store { abstract get(sid: string, callback: (err: any) => void): void }
    }
  `
  beforeAll(() => {
    const folder = join(directory, 'node_modules', '@types', 'express-session')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'index.d.ts'), types)
    writeFileSync(join(folder, 'package.json'), '{ "name": "@types/express-session" }\n')
  })

  const imports = [
    "import expressSession from 'express-session'",
    "import { session } from 'vitrine/express'",
  ]
  const use = `
    import express from 'express'
    import type { Session } from 'vitrine'

    const ours = session()
    const app = express()
    app.use(expressSession({ secret: '' }))
    app.use(ours)
    app.get('/', (req, res) => {
      req.session.regenerate(() => res.send(req.sessionID))
      const session: Session = ours.of(req)
      session.data.user = 'ada'
      // @ts-expect-error req.session is that of express-session
      void req.session.data
    })
  `

  it.each([
    ['first', imports],
    ['last', imports.toReversed()],
  ])('req.session is theirs and of(req) is ours, with theirs imported %s', async (_, lines) => {
    const app = [...lines, use].join('\n')
    expect(await check({ 'app.ts': app })).toBe('')
    expect(await check({ 'app.ts': app }, { skipLibCheck: false })).toBe('')
  })

  it('req.session is ours where a project does not use them', async () => {
    const app = `
      import express from 'express'
      import { session } from 'vitrine/express'

      const app = express()
      app.use(session())
      app.get('/', (req, res) => {
        req.session.data.user = 'ada'
        // @ts-expect-error no such method
        req.session.regenerate(() => res.end())
      })
    `
    expect(await check({ 'app.ts': app }, { skipLibCheck: false })).toBe('')
  })
})
