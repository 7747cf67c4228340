import express from 'express'
import { createServer } from 'node:http'
import { createSessions } from 'vitrine'
import { session } from 'vitrine/express'
import { serveSockets } from './sockets.ts'

declare module 'vitrine' {
  interface SessionData {
    user?: { name: string }
    cart?: Record<string, number>
  }
}

const sessions = createSessions()

const app = express()
app.use(session(sessions), express.urlencoded())
app.get('/', (req, res) => {
  res.sendFile(req.session.data.user ? 'cart.html' : 'login.html', { root: import.meta.dirname })
})
app.post('/login', (req, res) => {
  req.session.renew()
  req.session.data.user = { name: String(req.body.name) }
  res.redirect(303, '/')
})
app.post('/logout', (req, res) => {
  req.session.destroy()
  res.redirect(303, '/')
})

const server = createServer(app)
serveSockets(server, sessions, async (session, item) => {
  session.data.cart = { ...session.data.cart, [item]: 1 }
  await sessions.engine.flush(session)
  return `${session.data.user?.name}: ${Object.keys(session.data.cart).join(', ')}`
})
server.listen(Number(process.env.PORT ?? 3000))
