// A store on a disk that is slow for a while: `slow.mjs DOORS DIRECTORY`.
import '../slow-disk/slow.mjs'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { census, rest, settled, turn } from './census.mjs'

const [folder, directory] = process.argv.slice(2)
const { createEngine, jsonStore } = await import(pathToFileURL(path.join(folder, 'index.js')).href)

/** Opens a store, uses it until another thread does its work, and closes it. @returns what was held meanwhile */
async function use(name) {
  fs.rmSync(process.env.SLOW_WHILE, { force: true })
  const engine = createEngine({ store: jsonStore(path.join(directory, name)) })
  const session = await engine.create({ turn: 0 })
  const before = fs.readdirSync('/proc/self/task').length
  fs.writeFileSync(process.env.SLOW_WHILE, '')
  while (fs.readdirSync('/proc/self/task').length === before) {
    session.data.turn++
    await engine.flush(session)
    await turn()
  }
  for (let turns = 0; turns < 10; turns++) {
    session.data.turn++
    await engine.flush(session)
  }
  const during = census()
  await engine[Symbol.asyncDispose]()
  return during
}

await use('slow-sessions-first')
await rest()
const before = census()
let during
for (const name of ['one', 'two', 'three']) during = await use(`slow-sessions-${name}`)
const after = await settled(before)
process.stdout.write(JSON.stringify({ before, during, after }))
