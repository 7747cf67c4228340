import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { session } from '../../express.ts'
import { cookie, createSessions, jsonStore } from '../../index.ts'
import { guard } from './guard.ts'
import { liveView } from './live.ts'
import { document, type Notice } from './frame.ts'
import { isPage, PAGES } from './pages.ts'
import { raceTrackRoutes } from './race.ts'
import { addToCart, PRODUCTS, removeFromCart, visitOf } from './shop.ts'

/** The shop without a door: an Express app and what must be closed after it. */
export interface Shop {
  readonly app: Express
  /** Ends the streams: the one thing that no visitor ends. */
  endStreams(): Promise<void>
  /** Lets go of the session directory, when everybody has been served. */
  close(): Promise<void>
}

/** The same distance from `src` and from `dist`. */
const ASSETS = fileURLToPath(new URL('../../../src/tools/demo/public/', import.meta.url))

/** Cookies do not tell ports apart: a name of our own keeps other apps on this computer out of it. */
const COOKIE = 'cabinet'

/** @param dir the session directory */
export function createShop(dir: string): Shop {
  const store = jsonStore(dir)
  const transport = cookie({ name: COOKIE })
  const sessions = createSessions({ store, transport })
  const live = liveView({ store, engine: sessions.engine, transport, dir: resolve(dir) })

  const app = express()
  app.disable('x-powered-by').use(guard)
  app.use('/assets', express.static(ASSETS, { index: false, cacheControl: false }))
  app.get('/live', (request, response) => live.handle(request, response))
  app.use(session(sessions))
  app.use(express.urlencoded({ extended: false, limit: '2kb' }))
  app.use(raceTrackRoutes(sessions.engine, COOKIE))
  app.get(Object.keys(PAGES), showPage)
  app.post('/cart/add', add)
  app.post('/cart/remove', remove)
  app.post('/login', logIn)
  app.post('/logout', logOut)
  app.use((_request, response) => {
    response.redirect(303, '/')
  })
  app.use(apologise)

  return {
    app,
    endStreams: () => live.close(),
    close: () => Promise.resolve(sessions.engine[Symbol.asyncDispose]()),
  }
}

function showPage({ path, session }: Request, response: Response): void {
  const page = isPage(path) ? path : '/'
  const said = session.flash('notice')
  const problem = session.flash('problem')
  const notice: Notice | null =
    typeof problem === 'string'
      ? { text: problem, tone: 'bad' }
      : typeof said === 'string'
        ? { text: said, tone: 'good' }
        : null
  response.set('cache-control', 'no-store')
  response.type('html').send(document(page, visitOf(session.data), notice))
}

function add(request: Request, response: Response): void {
  const product = PRODUCTS.find(({ sku }) => sku === field(request, 'sku'))
  if (product) {
    request.session.update((data) => addToCart(data, product.sku))
    request.session.flash('notice', `${product.title} was added to your cart.`)
  }
  response.redirect(303, '/')
}

function remove(request: Request, response: Response): void {
  const product = PRODUCTS.find(({ sku }) => sku === field(request, 'sku'))
  if (product) {
    removeFromCart(request.session.data, product.sku)
    request.session.flash('notice', `${product.title} is out of your cart.`)
  }
  response.redirect(303, '/cart')
}

function logIn(request: Request, response: Response): void {
  const { session } = request
  const name = field(request, 'name').trim().slice(0, 40)
  if (name === '') {
    session.flash('problem', 'Give a name, any name.')
    return response.redirect(303, '/login')
  }
  session.data['user'] = { name, role: 'customer', since: new Date().toISOString() }
  session.renew()
  session.flash('notice', `Welcome, ${name}. Your session has a new id.`)
  response.redirect(303, '/')
}

function logOut({ session }: Request, response: Response): void {
  session.destroy()
  response.redirect(303, '/')
}

function field({ body }: Request, name: string): string {
  const value = (body as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' ? value : ''
}

function apologise(
  error: unknown,
  _request: Request,
  response: Response,
  next: NextFunction,
): void {
  if (response.headersSent) return next(error)
  const { status } = error as { status?: unknown }
  const code = typeof status === 'number' ? status : 500
  const reason = error instanceof Error ? error.message : 'something failed'
  response.status(code).type('text').send(`The shop could not do that: ${reason}\n`)
}
