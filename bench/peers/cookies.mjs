// Libraries that keep the session in the cookie, called without a server, as their adapters and users call them.
import { createRequire } from 'node:module'
import { createSessions, sealedCookie } from '../../dist/index.js'
import { named } from '../harness.mjs'

const require = createRequire(import.meta.url)
const secret = 'a secret of the bench, which is no secret at all'

/** What stands between the name and the first semicolon of a `Set-Cookie` header, as a browser sends it back. */
const pairOf = (text) => text.slice(0, text.indexOf(';'))

/** What a library of the web's kind asks of a request and of a response. */
const web = {
  requestOf: (cookie) => ({ headers: new Headers({ cookie }) }),
  cookieOf: (headers) => headers.getSetCookie().map(pairOf).join('; '),
}

function vitrine() {
  const sessions = createSessions({ store: sealedCookie({ secrets: [secret] }), report: () => {} })
  /** What the adapters do. */
  async function use(request, handle) {
    const session = await sessions.open(request)
    const answer = handle(session.data)
    const headers = new Headers()
    for (const [name, value] of await sessions.commit(session)) headers.append(name, value)
    return { answer, headers }
  }
  return {
    ...web,
    read: async (request, handle) => (await use(request, handle)).answer,
    write: async (request, change) =>
      (await use(request, (data) => void Object.assign(data, change))).headers,
  }
}

function ironSession() {
  const { getIronSession } = require('iron-session')
  const options = { password: secret, cookieName: 'id' }
  return {
    ...web,
    read: async (request, handle) =>
      handle(await getIronSession(request, { headers: new Headers() }, options)),
    async write(request, change) {
      const response = { headers: new Headers() }
      const session = await getIronSession(request, response, options)
      Object.assign(session, change)
      await session.save()
      return response.headers
    },
  }
}

/** As much of Node's response as cookie-session asks for, which is cheaper than the whole. */
class Answer {
  headers = new Map()
  getHeader(name) {
    return this.headers.get(name)
  }
  setHeader(name, value) {
    this.headers.set(name, value)
  }
  writeHead() {}
}

function cookieSession() {
  const middleware = require('cookie-session')({ keys: [secret], name: 'id' })
  function use(req, handle) {
    const res = new Answer()
    let answer
    middleware(req, res, () => void (answer = handle(req.session)))
    res.writeHead(200)
    return { answer, res }
  }
  return {
    requestOf: (cookie) => ({ headers: { cookie }, connection: {} }),
    cookieOf: (headers) => headers.get('Set-Cookie').map(pairOf).join('; '),
    read: async (request, handle) => use(request, handle).answer,
    write: async (request, change) =>
      use(request, (session) => void Object.assign(session, change)).res.headers,
  }
}

/** `open` makes an instance; all of them have the same secret. */
export const cookieLibraries = [
  { name: 'vitrine, sealedCookie', open: vitrine },
  { name: named('iron-session'), open: ironSession },
  { name: `${named('cookie-session')}, signed only`, open: cookieSession },
]
