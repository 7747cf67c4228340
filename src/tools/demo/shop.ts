import type { SessionData } from '../../index.ts'

/** One thing that the shop sells. */
export interface Product {
  readonly sku: string
  readonly title: string
  /** In euros. */
  readonly price: number
  readonly stock: number
}

/** Everything there is. */
export const PRODUCTS: readonly Product[] = [
  { sku: 'display-case', title: 'Display case, oak', price: 129, stock: 12 },
  { sku: 'picture-light', title: 'Picture light, brass', price: 48.5, stock: 31 },
  { sku: 'museum-glass', title: 'Museum glass 40×60', price: 34.9, stock: 86 },
  { sku: 'pedestal', title: 'Pedestal, white', price: 210, stock: 4 },
]

/** How many requests a race sends: half add a line each, half count. */
export const RACERS = 20

/** The place in the session where a race leaves its traces. */
export interface RaceTrack {
  counter: number
  [line: string]: number | string
}

/** What the shop makes of a session. Anybody may have edited the file, so nothing is taken on trust. */
export interface Visit {
  readonly user: { readonly name: string; readonly role: string; readonly since: string } | null
  readonly cart: readonly { readonly product: Product; readonly quantity: number }[]
  /** How many changes of the last race arrived; `null` when there was none. */
  readonly arrived: number | null
}

/** Reads what the shop needs from `session.data`. */
export function visitOf(data: SessionData): Visit {
  return { user: userIn(data['user']), cart: cartIn(data['cart']), arrived: raceIn(data['race']) }
}

/** How many pieces lie in the cart. */
export function piecesIn({ cart }: Visit): number {
  return cart.reduce((sum, { quantity }) => sum + quantity, 0)
}

/** What the cart costs, in euros. */
export function totalOf({ cart }: Visit): number {
  return cart.reduce((sum, { product, quantity }) => sum + product.price * quantity, 0)
}

/** Puts one more piece into the cart, whatever stands there. */
export function addToCart(data: SessionData, sku: string): void {
  const cart = isObject(data['cart']) ? data['cart'] : (data['cart'] = {})
  cart[sku] = quantityOf(cart[sku]) + 1
}

/** Takes every piece of one kind out of the cart; an empty cart goes as well. */
export function removeFromCart(data: SessionData, sku: string): void {
  if (!isObject(data['cart'])) return
  delete data['cart'][sku]
  if (Object.keys(data['cart']).length === 0) delete data['cart']
}

/** The race in a session; one is begun where there is none. */
export function raceTrack(data: SessionData): RaceTrack {
  if (raceIn(data['race']) === null) data['race'] = { counter: 0 }
  return data['race'] as RaceTrack
}

function userIn(value: unknown): Visit['user'] {
  if (!isObject(value) || typeof value['name'] !== 'string' || value['name'] === '') return null
  const { name, role, since } = value
  return {
    name,
    role: typeof role === 'string' ? role : 'customer',
    since: typeof since === 'string' ? since : '',
  }
}

function cartIn(value: unknown): Visit['cart'] {
  if (!isObject(value)) return []
  return PRODUCTS.map((product) => ({ product, quantity: quantityOf(value[product.sku]) })).filter(
    ({ quantity }) => quantity > 0,
  )
}

function quantityOf(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0
}

function raceIn(value: unknown): number | null {
  if (!isObject(value) || typeof value['counter'] !== 'number') return null
  return Math.trunc(value['counter']) + Object.keys(value).length - 1
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
