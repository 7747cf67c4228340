// What sessions cost a server: requests per second, and its CPU time for each. usage: npm run bench -- http [SECONDS]
import { execFile, fork } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import autocannon from 'autocannon'
import * as harness from './harness.mjs'
import { apps } from './peers/apps.mjs'

const { numbers, rounds, dir, isWanted } = harness.commandLine()
const [seconds = 1] = numbers
const SESSIONS = 100
const CONNECTIONS = 32
/** After so many requests a server is as fast as it gets. */
const WARM = 3000
/** How many of ten requests write. */
const WORK = { reading: 0, 'reading and writing, 90/10': 1, writing: 10 }

const notes = []
const wrk = harness.onPath('wrk')
notes.push(
  `${wrk ? 'wrk, one thread' : `wrk is not on the PATH; ${harness.named('autocannon')}`}, ${CONNECTIONS} connections, ${SESSIONS} sessions of 1 kB, ${seconds} s for each cell`,
)

async function start(app) {
  app.needs?.()
  const home = fs.mkdtempSync(path.join(dir, 'app-'))
  const child = fork(path.join(import.meta.dirname, 'children', 'server.mjs'), [app.name, home], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text))
  child.on('exit', (code) => code && console.error(said))
  const { port } = await harness.answerOf(child)
  const url = `http://127.0.0.1:${port}`
  const hasSessions = apps.find(({ on }) => on === app.on) !== app
  const cookies = []
  for (let n = 0; n < SESSIONS; n++) {
    cookies.push(
      hasSessions ? await cookieFrom(await fetch(`${url}/login`)) : `id=${'a'.repeat(32)}`,
    )
  }
  const file = path.join(home, 'cookies')
  fs.writeFileSync(file, cookies.map((cookie) => `${cookie}\n`).join(''))
  if (hasSessions) await check(app, url, cookies[0])
  return { child, url, cookies, file }
}

async function cookieFrom(response) {
  await response.text()
  const pairs = response.headers.getSetCookie().map((text) => text.split(';')[0])
  if (pairs.length === 0) throw new Error('There is no cookie after a log-in')
  return pairs.join('; ')
}

/** A library that is fast and forgets is out. */
async function check({ name, client }, url, cookie) {
  const ask = (to, text) => fetch(url + to, { headers: { cookie: text } })
  const user = await (await ask('/read', cookie)).text()
  const written = await ask('/write', cookie)
  const newer = client ? await cookieFrom(written) : (await written.text(), cookie)
  const n = Number(await (await ask('/n', newer)).text())
  if (user !== 'Ada Lovelace' || !(n > 0)) throw new Error(`${name} does not keep sessions`)
}

async function load({ url, cookies, file }, writes, duration) {
  if (!wrk) return autocannonAt(url, cookies, writes, duration)
  const script = path.join(import.meta.dirname, 'children', 'requests.lua')
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${duration}s`, '-s', script, url]
  const env = { ...process.env, BENCH_COOKIES: file, BENCH_WRITES: String(writes) }
  const { stdout } = await promisify(execFile)(wrk, args, { env })
  const bad = /(Non-2xx|Socket errors).*/.exec(stdout)
  if (bad) throw new Error(`${url}: ${bad[0]}`)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1])
}

async function autocannonAt(url, cookies, writes, duration) {
  const requests = Array.from({ length: 10 }, (_, turn) =>
    cookies.map((cookie, k) => ({
      path: (turn + k) % 10 < writes ? '/write' : '/read',
      headers: { cookie },
    })),
  ).flat()
  let clients = 0
  const {
    requests: made,
    non2xx,
    errors,
  } = await autocannon({
    url,
    connections: CONNECTIONS,
    duration,
    // each begins somewhere else
    setupClient(client) {
      const first = (clients++ * 31) % requests.length
      client.setRequests([...requests.slice(first), ...requests.slice(0, first)])
    },
  })
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx} bad answers, ${errors} errors`)
  return made.average
}

async function usageOf({ child }) {
  const answer = harness.answerOf(child)
  child.send('usage')
  return answer
}

/**
 * A library may move the expiry of a session once a minute. Without this pass, each would be moved in each cell, of a second
 * or two: many times as often as in a server that runs on.
 */
async function useEachOnce({ url, cookies }) {
  for (const cookie of cookies) await (await fetch(`${url}/read`, { headers: { cookie } })).text()
}

async function measure({ server, writes }) {
  await useEachOnce(server)
  const before = await usageOf(server)
  const perSecond = await load(server, writes, seconds)
  const after = await usageOf(server)
  return { perSecond, cpu: (after.cpu - before.cpu) / (after.served - before.served) }
}

// the app without sessions is what the others of its group are compared to
const isBase = ({ name, on }) => apps.find((app) => app.on === on)?.name === name
const wanted = apps.filter(({ name }) => isWanted(name))
const servers = await harness.openAll(
  apps.filter(
    (app) => wanted.includes(app) || (isBase(app) && wanted.some(({ on }) => on === app.on)),
  ),
  start,
  notes,
)
const cells = Object.entries(WORK).flatMap(([work, writes]) =>
  servers.map((server) => ({ label: `${server.name}: ${work}`, server, work, writes })),
)
for (const { label, server, writes } of cells) {
  const before = (await usageOf(server)).served
  for (let tries = 0; tries < 5; tries++) {
    harness.progress(`warming up  ${label}`)
    await load(server, writes, 1)
    if ((await usageOf(server)).served - before > WARM) break
  }
}
const measured = await harness.interleave(rounds, cells, measure)
for (const { child } of servers) child.disconnect()

const results = [...measured].map(([{ server, work }, cell]) => ({
  app: server.name,
  on: server.on,
  work,
  perSecond: cell.map(({ perSecond }) => perSecond),
  cpu: cell.map(({ cpu }) => cpu),
}))
const sections = Object.keys(WORK).map((work) => {
  const rows = results
    .filter((result) => result.work === work)
    .map(({ app, on, perSecond, cpu }) => ({
      app,
      on,
      perSecond: harness.median(perSecond),
      cpu: harness.median(cpu),
    }))
  const baseOf = ({ on }) => rows.find((row) => row.on === on)
  return {
    title: `### ${work}`,
    rows: rows.map((row) => ({
      app: row.app,
      'requests/s': harness.digits(row.perSecond),
      'of no sessions': `${harness.digits((row.perSecond / baseOf(row).perSecond) * 100)} %`,
      'CPU us/request': harness.digits(row.cpu),
      'added us':
        row === baseOf(row)
          ? '-'
          : harness.digits(row.cpu - baseOf(row).cpu, { signDisplay: 'always' }),
      'of no sessions, by CPU': `${harness.digits((baseOf(row).cpu / row.cpu) * 100)} %`,
    })),
  }
})
notes.push(
  'CPU time is that of the server process alone, with its threads; the work of Redis is not in it.',
  'The load comes from the same machine: requests/s depend on what else runs there, CPU time much less so.',
  'In the rows with a cookie that holds the data, every request carries the session as it was at the log-in.',
)
await harness.report({
  bench: 'http',
  title: 'what sessions cost a server',
  dir,
  rounds,
  sections,
  notes,
  results,
})
process.exit(0)
