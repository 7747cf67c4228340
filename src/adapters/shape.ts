import { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Express changes the prototype of every request and response. From then on V8 makes a new hidden class for each
 * member that is added, and for each object anew: whatever it learned of one response is of no use for the next, and a
 * member costs it a runtime call. With their members in a table, which a removed member brings about, they have one hidden
 * class again: a request that reads its session takes 56 us of CPU time instead of 108 (decisions/013). Messages as
 * Node makes them share a hidden class, and stay as they are.
 */
export function shareShape(req: object, res?: object): void {
  if (req instanceof IncomingMessage && isAltered(req, IncomingMessage)) tabulate(req)
  if (res instanceof ServerResponse && isAltered(res, ServerResponse)) tabulate(res)
}

function isAltered(message: object, { prototype }: { readonly prototype: unknown }): boolean {
  return Object.getPrototypeOf(message) !== prototype
}

/** Every emitter has a member that says nothing: `undefined`, as its prototype does. What was set stays. */
function tabulate(message: object): void {
  const emitter: { _maxListeners?: unknown } = message
  const limit = emitter._maxListeners
  delete emitter._maxListeners
  if (limit !== undefined) emitter._maxListeners = limit
}
