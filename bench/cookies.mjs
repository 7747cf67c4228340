// What a session costs that the cookie holds, without a server. usage: npm run bench -- cookies [BYTES]
import * as harness from './harness.mjs'
import { cookieLibraries } from './peers/cookies.mjs'

const { numbers, rounds, dir, isWanted } = harness.commandLine({ rounds: 15 })
const [bytes = 1024] = numbers
const data = harness.dataOf(bytes)
const NAME = data.user.name
const SLICE = 50 // ms of each cell in each round
const BATCH = 100 // sessions, used in turn

/** Cookies that `library` has not seen: another instance with the same secret made them. */
async function newCookies({ open }) {
  const other = open()
  const cookies = []
  for (let n = 0; n < BATCH; n++) {
    cookies.push(other.cookieOf(await other.write(other.requestOf(''), data)))
  }
  return cookies
}

let written = 0
const read = (instance, request) => instance.read(request, (session) => session.user.name)
const write = (instance, request) => instance.write(request, { n: ++written })

const operations = {
  again: { title: 'reading, seen before', run: read },
  fresh: { title: 'reading, never seen', run: read, isOnce: true },
  write: { title: 'writing', run: write, isWrite: true },
}

/**
 * One request of each browser. What comes before and after the library's own work is not counted.
 * @returns the browsers' cookies afterwards, and what it took in microseconds
 */
async function turn(instance, cookies, { run, isWrite }) {
  const requests = cookies.map(instance.requestOf)
  const answers = []
  const cpu = process.cpuUsage()
  const begin = performance.now()
  for (const request of requests) answers.push(await run(instance, request))
  const us = (performance.now() - begin) * 1000
  const { user, system } = process.cpuUsage(cpu)
  if (isWrite) return { us, cpu: user + system, cookies: answers.map(instance.cookieOf) }
  if (answers.some((answer) => answer !== NAME)) throw new Error('Something else was read')
  return { us, cpu: user + system, cookies }
}

async function measure({ library, operation }) {
  const instance = library.open()
  let cookies = await newCookies(library)
  if (!operation.isOnce) ({ cookies } = await turn(instance, cookies, operation))
  let busy = 0
  let used = 0
  let count = 0
  while (busy < SLICE * 1000) {
    if (operation.isOnce && count > 0) cookies = await newCookies(library)
    const one = await turn(instance, cookies, operation)
    busy += one.us
    used += one.cpu
    count += BATCH
    ;({ cookies } = one)
  }
  if (operation.isWrite) await expectLast(library, cookies)
  return { us: busy / count, cpu: used / count }
}

/** What was written last is in the browsers' cookies. */
async function expectLast({ name, open }, cookies) {
  const instance = open()
  for (const [at, cookie] of cookies.entries()) {
    const n = await instance.read(instance.requestOf(cookie), (session) => session.n)
    if (n !== written - BATCH + 1 + at) throw new Error(`${name} lost what was written`)
  }
}

/** A library that is fast and wrong is out. */
async function check({ name, open }) {
  const [one, two] = [open(), open()]
  const look = (instance, cookie, handle) => instance.read(instance.requestOf(cookie), handle)
  const change = async (instance, cookie, values) =>
    instance.cookieOf(await instance.write(instance.requestOf(cookie), values))
  const expect = (what, is) => {
    if (!is) throw new Error(`${name} does not ${what}`)
  }
  let cookie = await change(one, '', data)
  for (const n of [1, 2, 3]) {
    cookie = await change(one, cookie, { n })
    for (const instance of [one, two, one]) {
      const kept = await look(instance, cookie, (session) => [
        session.n,
        JSON.stringify(session.cart),
      ])
      expect('keep a session', kept[0] === n && kept[1] === JSON.stringify(data.cart))
    }
  }
  const at = cookie.length >> 2
  const forged = `${cookie.slice(0, at)}${cookie[at] === 'x' ? 'y' : 'x'}${cookie.slice(at + 1)}`
  for (const instance of [one, two]) {
    expect(
      'refuse a forged cookie',
      (await look(instance, forged, (session) => session.n)) === undefined,
    )
  }
}

const isOurs = ({ name }) => name.startsWith('vitrine')
const isBase = ({ name }) => name.startsWith('iron-session')
const libraries = cookieLibraries.filter(
  (library) => isOurs(library) || isBase(library) || isWanted(library.name),
)
for (const library of libraries) await check(library)
const cells = libraries.flatMap((library) =>
  Object.entries(operations).map(([key, operation]) => ({
    label: `${library.name}: ${operation.title}`,
    key,
    library,
    operation,
  })),
)
for (const cell of cells) await measure(cell) // compiled before it counts
const measured = await harness.interleave(rounds, cells, measure)

const us = (library, key) => {
  const [, runs] = [...measured].find(([cell]) => cell.library === library && cell.key === key)
  return harness.median(runs.map((run) => run.us))
}
const base = libraries.find(isBase)
const rowOf = (library) =>
  Object.entries(operations).flatMap(([key, { title }]) => [
    [title, harness.digits(us(library, key))],
    [`${title.replace('reading, ', '')}, x`, harness.times(us(base, key) / us(library, key))],
  ])
const sections = [
  {
    title: `### A session of ${JSON.stringify(data).length} bytes: microseconds, and times as fast as ${base.name}`,
    rows: libraries.map((library) => ({
      library: library.name,
      ...Object.fromEntries(rowOf(library)),
    })),
  },
]
const notes = [
  `${BATCH} sessions in turn, one request after another`,
  'cookie-session does not encrypt: everybody can read what it stores',
]
const results = [...measured].map(([{ key, library }, runs]) => ({
  library: library.name,
  operation: key,
  bytes,
  microseconds: runs.map((run) => run.us),
  cpu: runs.map((run) => run.cpu),
}))
await harness.report({
  bench: 'cookies',
  title: 'a session in the cookie',
  dir,
  rounds,
  sections,
  notes,
  results,
})
