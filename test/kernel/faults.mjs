// A process under shim.c that lets every system call of one verb fail in turn, with every error.
// usage: node faults.mjs DIST ROOM VERB ERRNO,ERRNO,... ; prints what it found as JSON
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { again, appAt, filesIn, leftoversIn, shim, sweep, verbs } from './verbs.mjs'

const [dist, room, name, codes] = process.argv.slice(2)
const api = { ...(await import(`${dist}/index.js`)), ...(await import(`${dist}/files.js`)) }
const verb = verbs[name]

/** No call of these may take longer, in ms. */
const HANGS = 5000

/** What was being written; a lock that is only half made is left to the sweep. */
function temporaryIn(dir) {
  const tmp = path.join(dir, '.vitrine', 'tmp')
  return fs.existsSync(tmp) ? fs.readdirSync(tmp).filter((name) => !name.endsWith('.lock')) : []
}

const descriptors = () => fs.readdirSync('/proc/self/fd').length

/** Settles as the work does, or says that it hangs. */
async function watched(work) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), HANGS)
  })
  try {
    await Promise.race([work, late])
    return null
  } catch (error) {
    return error
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Whether a call is one by which a store finds out how exact times are, on a file that it makes while it writes
 * another one: if it fails, nothing is trusted that need not be.
 */
function isProbe(struck, at) {
  let writing = false
  let probe
  for (const line of struck.slice(0, at)) {
    const [call, file] = line.split(' ')
    if (call === 'unlink' && file === probe && line !== struck[at - 1]) probe = undefined
    if (call === 'close' && !probe) writing = false
    if (call === 'create' && /\/tmp\/[^/]+$/.test(file)) {
      if (writing) probe = file
      writing = true
    }
  }
  return probe !== undefined
}

/** One run, with the Nth call failing. @returns what was wrong, and whether there is an Nth call */
async function run(at, code) {
  const dir = path.join(room, 'sessions')
  const errno = os.constants.errno[code]
  const before = appAt(dir, api)
  const id = await verb.before(before, dir, api)
  const app = appAt(dir, api, verb.ahead)
  const held = await verb.prepare?.(app, id, before)
  const open = descriptors()

  shim(`arm/${at}/${errno}`)
  const error = await watched(verb.act(app, id, held))
  shim('disarm')

  const problems = []
  const check = (fine, problem) => fine || problems.push(problem)
  const struck = fs.readFileSync(process.env.SHIM_LOG, 'utf8').split('\n').slice(0, -1)
  const hit = struck.some((line) => line.endsWith(' !'))
  if (error) {
    check(error.name === 'VitrineError' && error.code === 'STORE', `${error}`)
    check(error.cause?.errno === -errno && error.cause.code === code, `cause: ${error.cause?.code}`)
    check(error.message.endsWith(`(${code})`), error.message)
    check(!id || !`${error.stack} ${error.cause?.stack}`.includes(id), 'the error holds the id')
  }
  check(descriptors() === open, 'a descriptor is left open')
  const cleaning = /^(unlink|rmdir) /.test(struck[at - 1])
  check(cleaning || temporaryIn(dir).length === 0, `left: ${temporaryIn(dir)}`)
  try {
    const files = filesIn(dir)
    const done = verb.done(files, id)
    check(error ? done || verb.old(files, id) : done, error ? 'neither old nor new' : 'not done')
    // only where the directory could not be put on the disk may something be done that failed
    const settling = /^(open|fsync|close) /.test(struck[at - 1])
    check(!error || !done || settling || name === 'reap', 'done, and called a failure')
  } catch (torn) {
    problems.push(`${torn}`)
  }
  const failed = await watched(again(app, dir))
  check(!failed, `the next call: ${failed} ${failed?.cause}`)
  check(descriptors() === open, 'a descriptor is left open by the next call')
  await sweep(dir, appAt(dir, api))
  check(leftoversIn(dir).length === 0, `left over: ${leftoversIn(dir)}`)
  await fs.promises.rm(dir, { recursive: true })
  const probe = isProbe(struck, at)
  return { at, code, call: struck[at - 1], hit, failed: error !== null, probe, problems }
}

const found = { runs: 0, calls: 0, failed: 0, probes: 0, problems: [] }
await run(0, 'EIO') // the first opens what the process keeps
for (const code of codes.split(',')) {
  for (let at = 1; ; at++) {
    const outcome = await run(at, code)
    if (outcome.problems.length > 0) found.problems.push(outcome)
    if (!outcome.hit) break
    found.runs++
    found.calls = Math.max(found.calls, at)
    if (outcome.failed) found.failed++
    if (outcome.probe) found.probes++
    if (at > 1000) throw new Error('there is no end')
  }
}
console.log(JSON.stringify(found))
process.exit(0)
