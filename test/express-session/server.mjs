// One process of the tests beside it: an app under express-session that puts a key after a while.
// usage: node server.mjs DIST DIR
import express from 'express'
import expressSession from 'express-session'

const [dist, dir] = process.argv.slice(2)
const { ExpressSessionStore } = await import(`${dist}/express-session.js`)
const { jsonStore } = await import(`${dist}/index.js`)

const app = express()
app.use(
  expressSession({
    secret: 'shared by both processes',
    resave: false,
    saveUninitialized: false,
    store: new ExpressSessionStore(jsonStore(dir)),
  }),
)
app.get('/put', (req, res) => {
  setTimeout(() => {
    req.session[req.query.key] = true
    res.json(null)
  }, 50)
})
app.get('/see', (req, res) => {
  res.json(req.session)
})
let goOn
/** Sends the head, so that the test knows that it is here, and waits for `/go`. */
app.get('/slow', (req, res) => {
  res.flushHeaders()
  goOn = () => {
    req.session.late = true
    res.end('null')
  }
})
app.get('/go', (req, res) => {
  goOn()
  res.json(null)
})
app.get('/logout', (req, res) => {
  req.session.destroy(() => res.json(null))
})
const server = app.listen(0, '127.0.0.1', () => process.send(server.address().port))
