// One process of the tests beside it: writes one session until it has done its share.
// usage: node writer.mjs DIST DIR ID keys|count NAME COUNT [STOP_AT]
const [dist, dir, id, mode, name, count, stopAt = '0'] = process.argv.slice(2)
const { createEngine, jsonStore } = await import(`${dist}/index.js`)
const { nodeIo } = await import(`${dist}/files.js`)

let operations = 0
let armed = false
/** Stops this process just before its Nth file operation. */
const io = new Proxy(nodeIo, {
  get(target, key) {
    const operation = target[key]
    if (
      Number(stopAt) === 0 ||
      typeof operation !== 'function' ||
      key === 'now' ||
      key === 'elapsed'
    ) {
      return operation
    }
    return (...args) => {
      if (armed && ++operations === Number(stopAt)) process.kill(process.pid, 'SIGSTOP')
      return operation.apply(target, args)
    }
  },
})

const engine = createEngine({ store: jsonStore({ dir, io }) })
await engine.init()
process.send?.('ready')
for (let n = 0; n < Number(count); n++) {
  const session = await engine.retrieve(id)
  if (mode === 'keys') session.data[`${name}.${n}`] = n
  else session.update((data) => void (data.n = (data.n ?? 0) + 1))
  armed = true
  await engine.flush(session)
  armed = false
}
process.send?.({ operations })
process.exit(0)
