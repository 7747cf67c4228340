// Logs what happens to sessions. Events carry no ids, no secrets and no values, so a log may hold them.
import { subscribe } from 'node:diagnostics_channel'
import express from 'express'
import type { SessionEvent } from 'vitrine'
import { session } from 'vitrine/express'

subscribe('vitrine:session', (message) => {
  const event = message as SessionEvent
  if (event.type !== 'touched') console.log(JSON.stringify(event))
})

const app = express()
app.use(session())

app.post('/login', (req, res) => {
  req.session.renew()
  req.session.data.user = 'ada'
  res.sendStatus(204)
})

app.post('/logout', (req, res) => {
  req.session.destroy()
  res.sendStatus(204)
})

app.listen(3000)
