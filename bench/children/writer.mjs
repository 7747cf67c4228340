// One of several processes that change the same session all the time.
import { createEngine, jsonStore } from '../../dist/index.js'

const [dir, id, me, kind, ms] = process.argv.slice(2)
const engine = createEngine({ store: jsonStore(dir), report: () => {} })
await engine.init()
await new Promise((go) => {
  process.once('message', go)
  process.send('ready')
})
let commits = 0
const ends = Date.now() + Number(ms)
while (Date.now() < ends) {
  const session = await engine.retrieve(id)
  if (kind === 'counter') session.update((data) => void data.count++)
  else session.data[`writer${me}`] = commits + 1
  await engine.flush(session)
  commits++
}
process.send(commits)
process.disconnect()
await engine[Symbol.asyncDispose]()
