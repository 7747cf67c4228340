import type { IncomingHttpHeaders } from 'node:http'
import type { Incoming } from '../core/transport.ts'

/** A request of Node, as transports see it. */
export class NodeIncoming implements Incoming {
  readonly headers: NodeHeaders
  readonly secure: boolean
  readonly method: string | undefined
  readonly url: string | undefined

  constructor(
    headers: IncomingHttpHeaders,
    secure: boolean,
    method: string | undefined,
    url: string | undefined,
  ) {
    this.headers = new NodeHeaders(headers)
    this.secure = secure
    this.method = method
    this.url = url
  }
}

class NodeHeaders {
  readonly #all: IncomingHttpHeaders

  constructor(all: IncomingHttpHeaders) {
    this.#all = all
  }

  get(name: string): string | undefined {
    const value = this.#all[name.toLowerCase()]
    return Array.isArray(value) ? value.join(', ') : value
  }
}
