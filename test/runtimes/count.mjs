// Counts in one session, together with other processes, whatever runtime they are on.
// usage: RUNTIME count.mjs DIR ID TIMES
import process from 'node:process'
import { createEngine, jsonStore } from 'vitrine'

const [dir, id, times] = process.argv.slice(2)
const engine = createEngine({ store: jsonStore(dir) })
for (let turn = 0; turn < Number(times); turn++) {
  const session = await engine.retrieve(id)
  session.update((data) => void data.n++)
  await engine.flush(session)
}
