// Serves one of the apps in a process of its own, and tells what it used when it is asked.
import { once } from 'node:events'
import { apps, served } from '../peers/apps.mjs'

const [name, dir] = process.argv.slice(2)
process.chdir(dir)
const server = await apps.find((app) => app.name === name).start({ dir })
if (!server.listening) await once(server, 'listening')
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ cpu: user + system, served: served.count })
})
process.on('disconnect', () => process.exit(0))
process.send({ port: server.address().port })
