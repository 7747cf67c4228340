// Kills or stops a process at every system call of one verb, and looks at what it leaves behind.
// usage: node struck.mjs DIST ROOM SHIM VERB kill|stop ; prints what it found as JSON
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { again, appAt, filesIn, leftoversIn, sweep, verbs } from './verbs.mjs'

const [dist, room, shim, name, what] = process.argv.slice(2)
const api = { ...(await import(`${dist}/index.js`)), ...(await import(`${dist}/files.js`)) }
const verb = verbs[name]

/** So many processes at once: those that are stopped do not keep the machine busy. */
const SIDE_BY_SIDE = what === 'stop' ? 6 : 3

const children = new Set()
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')))

/** Starts a victim. @returns what it says, and how it ends */
async function victim(dir, at) {
  const program = path.join(import.meta.dirname, 'victim.mjs')
  const env = {
    PATH: process.env.PATH,
    LD_PRELOAD: shim,
    SHIM_PREFIX: dir,
    SHIM_LOG: `${dir}.log`,
    UV_USE_IO_URING: '0',
  }
  const child = spawn(process.execPath, [program, dist, dir, name, `${at}`, what], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const said = {}
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => Object.assign(said, JSON.parse(line)))
  const ended = once(child, 'close').then(() => children.delete(child))
  if (what === 'stop') await stopped(child, said)
  else await ended
  return { child, said, ended }
}

/** Waits until the system calls a process stopped, or it is through. */
async function stopped(child, said) {
  const state = () => fs.readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1][0]
  while (child.exitCode === null && (said.id === undefined || state() !== 'T')) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

async function run(at) {
  const dir = path.join(room, `sessions-${at}`)
  const { child, said, ended } = await victim(dir, at)
  const problems = []
  const check = (fine, problem) => fine || problems.push(problem)
  const acknowledged = said.calls !== undefined
  check(said.error === undefined, `the victim says ${said.error}`)
  try {
    if (what === 'stop') {
      const app = appAt(dir, api)
      const stored = await meddle(app, said.id)
      child.kill('SIGCONT')
      await ended
      check(said.calls !== undefined, 'it did not end well')
      check(
        verb.together(filesIn(dir), said.id, stored),
        `an update is lost: ${JSON.stringify([...filesIn(dir).values()].map((f) => ({ ...f.data, filler: 0 })))}`,
      )
    } else {
      const files = filesIn(dir)
      const done = verb.done(files, said.id)
      check(acknowledged ? done : done || verb.old(files, said.id), 'neither old nor new')
    }
    await again(appAt(dir, api), dir)
    await sweep(dir, appAt(dir, api))
    check(leftoversIn(dir).length === 0, `left over: ${leftoversIn(dir)}`)
  } catch (error) {
    problems.push(`${error} ${error.cause ?? ''}`)
  }
  fs.rmSync(dir, { recursive: true, force: true })
  return { at, acknowledged, calls: said.calls, problems }
}

/** Another process stores something in the same session. @returns whether that was acknowledged */
async function meddle({ engine }, id) {
  for (let n = 1; n <= 3; n++) {
    const session = await engine.retrieve(id)
    if (session === null) return false
    session.data.theirs = n
    try {
      await engine.flush(session)
    } catch (error) {
      if (error.code === 'DESTROYED') return false
      throw error
    }
  }
  return true
}

const whole = await run(0)
const found = { runs: 0, struck: 0, problems: whole.problems.length > 0 ? [whole] : [] }
let next = 1
async function work() {
  while (next <= whole.calls) {
    const outcome = await run(next++)
    found.runs++
    if (!outcome.acknowledged) found.struck++
    if (outcome.problems.length > 0) found.problems.push(outcome)
  }
}
await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
console.log(JSON.stringify(found))
process.exit(0)
