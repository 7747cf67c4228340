import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { shareShape } from './shape.ts'

function pair() {
  const req = new IncomingMessage(new Socket())
  return { req, res: new ServerResponse(req) }
}

describe('a request and a response', () => {
  it('keep all of their members and get no others, whatever their prototype', () => {
    for (const isChanged of [false, true]) {
      const { req, res } = pair()
      for (const object of isChanged ? [req, res] : []) {
        Object.setPrototypeOf(object, Object.create(Object.getPrototypeOf(object) as object))
      }
      const before = [req, res].map((object) => Object.getOwnPropertyDescriptors(object))
      const names = [req, res].map((object) => Reflect.ownKeys(object))
      shareShape(req, res)
      expect([req, res].map((object) => Object.getOwnPropertyDescriptors(object))).toEqual(before)
      expect([req, res].map((object) => Reflect.ownKeys(object))).toEqual(names)
    }
  })
})
