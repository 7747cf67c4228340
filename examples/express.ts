// Logs in and out with Express, and says so once on the next page.
import express from 'express'
import { session } from 'vitrine/express'
import { z } from 'zod'

const Form = z.object({ name: z.string().min(1) })

const app = express()
const site = session({ schema: z.object({ user: z.string().optional() }) })
app.use(site, express.urlencoded())

app.get('/', (req, res) => {
  const mine = site.of(req)
  res.json({ user: mine.data.user ?? null, notice: mine.flash('notice') ?? null })
})

app.post('/login', (req, res) => {
  const { name } = Form.parse(req.body) // and check the password here
  const mine = site.of(req)
  mine.renew() // a new id: nobody who knew the old one is logged in as well
  mine.data.user = name
  mine.flash('notice', 'Welcome')
  res.redirect(303, '/')
})

app.post('/logout', (req, res) => {
  site.of(req).destroy()
  res.redirect(303, '/')
})

app.listen(3000)
