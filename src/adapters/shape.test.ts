import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { shareShape } from './shape.ts'

function pair() {
  const req = new IncomingMessage(new Socket())
  return { req, res: new ServerResponse(req) }
}

/** The own members of an emitter, but for the one that may go while it is `undefined`. */
function members(emitter: object): Record<string, PropertyDescriptor> {
  const { _maxListeners: limit, ...others } = Object.getOwnPropertyDescriptors(emitter) as Record<
    string,
    PropertyDescriptor
  >
  return limit?.value === undefined ? others : { ...others, limit }
}

describe('a request and a response', () => {
  it.each([undefined, 5])('keep their members and get no others, whatever their prototype', (n) => {
    for (const isChanged of [false, true]) {
      const { req, res } = pair()
      if (n !== undefined) for (const object of [req, res]) object.setMaxListeners(n)
      for (const object of isChanged ? [req, res] : []) {
        Object.setPrototypeOf(object, Object.create(Object.getPrototypeOf(object) as object))
      }
      const before = [req, res].map(members)
      const limits = [req, res].map((object) => object.getMaxListeners())
      shareShape(req, res)
      expect([req, res].map(members)).toEqual(before)
      expect([req, res].map((object) => object.getMaxListeners())).toEqual(limits)
    }
  })
})
