// Commits to one session after the other on a disk that is slow, and then quick again.
// usage: node --import ./slow.mjs app.mjs DIST DIR [brief]
import fs from 'node:fs'
import path from 'node:path'

const [dist, dir, brief] = process.argv.slice(2)
const { createEngine, jsonStore } = await import(path.join(dist, 'index.js'))
const said = []
const engine = createEngine({ store: jsonStore(dir), report: ({ type }) => said.push(type) })

/** How often this thread waited for the disk in so many commits. */
async function commits(count) {
  const before = globalThis.waited
  for (let n = 0; n < count; n++) {
    const session = await engine.retrieve(id)
    session.update((data) => (data.views = (data.views ?? 0) + 1))
    await engine.flush(session)
  }
  return globalThis.waited - before
}

const { id } = await engine.create({ user: 'ada' })
const slow = process.env.SLOW_WHILE
const seen = {}

fs.writeFileSync(slow, '')
await commits(10)
if (brief) {
  // the thread has been asked for and has done nothing yet
  console.log(JSON.stringify({ waited: globalThis.waited > 0 }))
} else await everything()

async function everything() {
  // a thread needs a moment to start; and the second is over that counts together what was looked at before
  await new Promise((resolve) => setTimeout(resolve, 600))
  await commits(2)
  seen.slow = await commits(20)

  fs.writeFileSync(path.join(dir, `${id}.json`), 'torn')
  const torn = await engine.retrieve(id)
  seen.torn = torn === null && said.includes('corrupt')

  const again = await engine.create({ user: 'ada' })
  const both = [await engine.retrieve(again.id), await engine.retrieve(again.id)]
  both[0].data.one = 1
  both[1].data.two = 2
  await Promise.all(both.map((session) => engine.flush(session)))
  seen.merged = (await engine.retrieve(again.id)).data
  await engine.destroy(await engine.retrieve(again.id))
  seen.destroyed = (await engine.retrieve(again.id)) === null

  // a machine that stands still for a moment makes the disk look slow once more
  for (let tries = 0; !seen.quickAgain && tries < 5; tries++) {
    fs.rmSync(slow)
    for (let windows = 0; windows < 2; windows++) {
      await new Promise((resolve) => setTimeout(resolve, 1100))
      await engine.create({ last: true })
    }
    fs.writeFileSync(slow, '')
    const before = globalThis.waited
    await engine.create({ last: true })
    seen.quickAgain = globalThis.waited > before
  }

  console.log(JSON.stringify(seen))
}
// nothing is closed: the thread must not keep the process
