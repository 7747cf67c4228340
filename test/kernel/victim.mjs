// A process under shim.c that is killed or stopped at the Nth system call of one verb.
// usage: node victim.mjs DIST DIR VERB N kill|stop ; prints {id} before, {calls} or {error} after
import fs from 'node:fs'
import { appAt, shim, verbs } from './verbs.mjs'

const [dist, dir, name, at, what] = process.argv.slice(2)
const api = { ...(await import(`${dist}/index.js`)), ...(await import(`${dist}/files.js`)) }
const verb = verbs[name]
const say = (what) => fs.writeSync(1, `${JSON.stringify(what)}\n`)

const before = appAt(dir, api)
const id = await verb.before(before, dir, api)
const app = appAt(dir, api, verb.ahead)
const held = await verb.prepare?.(app, id, before)
say({ id })
shim(`arm/${at}/${what}`)
try {
  await verb.act(app, id, held)
  shim('disarm')
  say({ calls: fs.readFileSync(process.env.SHIM_LOG, 'utf8').split('\n').length - 1 })
} catch (error) {
  shim('disarm')
  say({ error: `${error.code ?? error}` })
}
process.exit(0)
