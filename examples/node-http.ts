// Counts each browser's visits on plain node:http.
import { createServer } from 'node:http'
import { session } from 'vitrine/express'

const sessions = session()

const server = createServer((req, res) => {
  sessions(req, res, (error) => {
    if (error) return res.writeHead(500).end('The session could not be read or stored\n')
    const visitor = sessions.of(req)
    visitor.update((data) => {
      data.visits = Number(data.visits ?? 0) + 1
    })
    return res.end(`Visit ${visitor.data.visits}\n`)
  })
})

server.listen(3000)
