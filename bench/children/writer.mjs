// One of several processes that change the same session all the time, for as long as they are told.
import { createEngine, jsonStore } from '../../dist/index.js'

const [dir] = process.argv.slice(2)
const engine = createEngine({ store: jsonStore(dir), report: () => {} })
await engine.init()

/** @returns how many commits it made */
async function write({ id, me, kind, ms }) {
  let commits = 0
  const ends = Date.now() + ms
  while (Date.now() < ends) {
    const session = await engine.retrieve(id)
    if (kind === 'counter') session.update((data) => void data.count++)
    else session.data[`writer${me}`] = commits + 1
    await engine.flush(session)
    commits++
  }
  return commits
}

const answer = async (task) => process.send(await write(task))

process.on('disconnect', () => process.exit(0))
process.on('message', (task) => void answer(task))
process.send('ready')
