// What a runtime must be able to do with the package: run by test/runtimes/runtimes.test.ts on each of them.
// usage: RUNTIME program.mjs DIR
// Does everything below and prints the answers as one line of JSON; a check that throws answers with its error.
import { once } from 'node:events'
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { cookie, createEngine, createSessions, jsonStore, sealedCookie, yamlStore } from 'vitrine'
import { session } from 'vitrine/express'
import { withSession } from 'vitrine/web'
import { serve } from './serve.mjs'

const [base] = process.argv.slice(2)
const secrets = ['a secret of the tests, 32 bytes or more']

/** Asks without keeping anything alive. */
async function ask(url, ticket, method = 'GET') {
  const headers = { connection: 'close', ...(ticket && { cookie: ticket }) }
  const response = await fetch(url, { method, headers, redirect: 'manual' })
  const cookies = response.headers.getSetCookie()
  return { status: response.status, body: await response.text(), cookies }
}

const plus = (data) => void (data.n = (data.n ?? 0) + 1)
const sessionsIn = (dir) => readdirSync(dir).filter((name) => /\.(json|yml)$/.test(name))
const modeOf = (path) => (statSync(path).mode & 0o777).toString(8)

async function sixVerbs(store, dir) {
  const engine = createEngine({ store })
  await engine.init()
  const session = await engine.create({ user: 'ada' })
  session.data.cart = ['pen']
  const ticket = await engine.flush(session)
  const again = await engine.retrieve(ticket)
  const found = again.data
  await engine.destroy(again)
  const after = [await engine.retrieve(ticket), sessionsIn(dir).length]
  await engine.create({ user: 'bob' })
  await engine.reset()
  return { found, after, left: sessionsIn(dir).length }
}

const CHECKS = {
  'the six verbs on JSON files': (dir) => sixVerbs(jsonStore(dir), dir),

  'the six verbs on YAML files': (dir) => sixVerbs(yamlStore(dir), dir),

  'the six verbs with a power cut in mind': (dir) =>
    sixVerbs(jsonStore({ dir, durability: 'power' }), dir),

  async 'two requests at once are merged'(dir) {
    const engine = createEngine({ store: jsonStore(dir) })
    const { id: ticket } = await engine.create()
    const [one, two] = await Promise.all([engine.retrieve(ticket), engine.retrieve(ticket)])
    one.data.one = 1
    two.data.two = 2
    await Promise.all([engine.flush(one), engine.flush(two)])
    return (await engine.retrieve(ticket)).data
  },

  async 'update counts exactly'(dir) {
    const engines = [1, 2].map(() => createEngine({ store: jsonStore(dir) }))
    const { id: ticket } = await engines[0].create()
    await Promise.all(
      Array.from({ length: 40 }, async (_, turn) => {
        const engine = engines[turn % 2]
        const session = await engine.retrieve(ticket)
        session.update(plus)
        await engine.flush(session)
      }),
    )
    return (await engines[0].retrieve(ticket)).data
  },

  async 'an edited file is believed'(dir) {
    const engine = createEngine({ store: jsonStore(dir) })
    const { id: ticket } = await engine.create({ role: 'guest' })
    const file = join(dir, `${ticket}.json`)
    await engine.retrieve(ticket)
    writeFileSync(file, readFileSync(file, 'utf8').replace('guest', 'admin'))
    return (await engine.retrieve(ticket)).data
  },

  async 'files are private, links are not followed, garbage is set aside'(dir) {
    const reasons = []
    const report = (event) => event.type === 'corrupt' && reasons.push(event.reason)
    const engine = createEngine({ store: jsonStore(dir), report })
    const { id: ticket } = await engine.create({ user: 'ada' })
    const at = (letter) => [letter.repeat(32), join(dir, `${letter.repeat(32)}.json`)]
    const [link, linkPath] = at('a')
    const [garbage, garbagePath] = at('b')
    symlinkSync(join(dir, `${ticket}.json`), linkPath)
    writeFileSync(garbagePath, '{ "id": ')
    return {
      modes: [modeOf(dir), modeOf(join(dir, `${ticket}.json`))],
      found: [await engine.retrieve(link), await engine.retrieve(garbage)],
      gone: [linkPath, garbagePath].map((path) => !existsSync(path)),
      reasons: reasons.length,
    }
  },

  async 'watch tells what others do'(dir) {
    const store = jsonStore(dir)
    const others = createEngine({ store: jsonStore(dir) })
    await others.init()
    const seen = []
    let theirs
    const makeOne = async () => {
      theirs = await others.create({ n: 1 })
    }
    setTimeout(() => void makeOne(), 20)
    for await (const { id: changed, kind } of store.watch(AbortSignal.timeout(10_000))) {
      seen.push([kind, changed === theirs?.id])
      if (kind === 'deleted') break
      await others.destroy(theirs)
    }
    return seen
  },

  async 'expired sessions are reaped'(dir) {
    let now = Date.now()
    const store = jsonStore(dir)
    const engine = createEngine({ store, idle: '1h', now: () => now })
    await engine.create({ n: 1 })
    now += 30 * 60_000
    await engine.create({ n: 2 })
    return [await store.reap(now + 45 * 60_000), sessionsIn(dir).length]
  },

  async 'a sealed cookie carries the session'() {
    const sessions = createSessions({ store: sealedCookie({ secrets }) })
    const first = await sessions.open({ headers: new Headers() })
    first.data.user = 'ada'
    const [header] = await sessions.commit(first)
    const ticket = header[1].split(';')[0]
    const open = async (text) =>
      (await sessions.open({ headers: new Headers({ cookie: text }) })).data
    return [
      await open(ticket),
      await open(`${ticket.slice(0, -1)}${ticket.endsWith('A') ? 'Q' : 'A'}`),
    ]
  },

  async 'a signed cookie over HTTP'(dir) {
    const sessions = withSession({ store: jsonStore(dir), transport: cookie({ secrets }) })
    const server = await serve(
      sessions((request, session) => {
        if (request.url.endsWith('/fail')) throw new Error('as planned')
        session.update(plus)
        return Response.json(session.data, { headers: { 'set-cookie': 'theme=dark' } })
      }),
    )
    const { url } = server
    const { cookies } = await ask(url)
    const [ticket, ...attributes] = cookies.find((line) => line.startsWith('id=')).split('; ')
    const { status, body } = await ask(url, ticket)
    const stranger = await ask(url, ticket.replace(/\.[^.]*$/, ''))
    const failed = await ask(`${url}/fail`, ticket)
    await server.close()
    return {
      attributes,
      others: cookies.length - 1,
      status,
      body,
      stranger: stranger.body,
      failed: [failed.status, failed.cookies],
    }
  },

  async 'Express logs in and out'(dir) {
    const { default: express } = await import('express') // some flags are too strict for it
    const app = express()
    app.use(session({ store: jsonStore(dir) }))
    app.post('/login', (req, res) => {
      req.session.renew()
      req.session.data.user = { name: 'ada' }
      res.redirect(303, '/account')
    })
    app.get('/account', (req, res) => res.json(req.session.data.user ?? null))
    app.get('/fail', (req) => {
      req.session.data.user = null
      throw new Error('as planned')
    })
    app.post('/logout', (req, res) => {
      req.session.destroy()
      res.redirect(303, '/account')
    })
    app.use((_error, _req, res, _next) => res.sendStatus(500))
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${server.address().port}`
    const login = await ask(`${url}/login`, '', 'POST')
    const [ticket] = login.cookies[0].split(';')
    const isStored = existsSync(join(dir, `${ticket.slice('id='.length)}.json`))
    const account = await ask(`${url}/account`, ticket)
    const failed = await ask(`${url}/fail`, ticket)
    const logout = await ask(`${url}/logout`, ticket, 'POST')
    const after = await ask(`${url}/account`, ticket)
    await new Promise((resolve) => server.close(resolve))
    return {
      login: [login.status, isStored],
      account: account.body,
      failed: [failed.status, failed.cookies],
      logout: [`${logout.status} ${logout.cookies[0].split(';')[0]}`, after.body],
    }
  },

  async 'a log-out stays a log-out'(dir) {
    const engine = createEngine({ store: jsonStore(dir) })
    const { id: ticket } = await engine.create({ user: 'ada' })
    const slow = await engine.retrieve(ticket)
    slow.data.late = true
    await engine.destroy(await engine.retrieve(ticket))
    const refused = await Promise.allSettled([engine.flush(slow)])
    return [refused.map(({ reason }) => `${reason?.name} ${reason?.code}`), sessionsIn(dir).length]
  },
}

const answers = {}
for (const [index, [name, check]] of Object.entries(CHECKS).entries()) {
  try {
    answers[name] = await check(join(base, String(index)))
  } catch (error) {
    answers[name] = String(error?.stack ?? error)
  }
}
console.log(JSON.stringify(answers))
