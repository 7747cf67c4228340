// The program's `watch`, interrupted while it follows: `watch.mjs MODULES DIRECTORY`.
import { getEventListeners } from 'node:events'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { census, rest, settled, turn } from './census.mjs'

const [folder, directory] = process.argv.slice(2)
const doors = (name) => import(pathToFileURL(path.join(folder, name)).href)
const { createEngine, jsonStore } = await doors('index.js')
const { main } = await doors('tools/cli/main.js')

const engine = createEngine({ store: jsonStore(directory) })
const session = await engine.create({ user: 'ada', turn: 0 })
let onSignals = 0
let during
const exits = []

async function watch() {
  const interrupt = new AbortController()
  const { signal } = interrupt
  const heard = { words: '', data: '' }
  const ended = main(['watch', '--store', `file:${directory}`], {
    stdin: process.stdin,
    stdout: { write: (text) => void (heard.data += text) },
    stderr: { isTTY: true, write: (text) => void (heard.words += text) },
    env: {},
    cwd: directory,
    signal,
    now: Date.now,
  })
  while (heard.words === '') await turn()
  session.data.turn++
  await engine.flush(session)
  while (heard.data === '') await turn()
  during = census()
  interrupt.abort()
  exits.push(await ended)
  onSignals += getEventListeners(signal, 'abort').length
}

await watch()
await rest()
const before = census()
for (let times = 0; times < 5; times++) await watch()
await engine[Symbol.asyncDispose]() // on a busy machine its disk may have seemed slow, and been given a thread
const after = await settled(before)
process.stdout.write(JSON.stringify({ before, during, after, exits, onSignals }))
