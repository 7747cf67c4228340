import { dancerJsonLayout } from './dancer-json.ts'
import type { FileStoreOptions } from './options.ts'
import { plainLayout, time, type Layout } from './layout.ts'

/** How a file begins that nobody edited there. */
const HEAD = /^\{\n {2}"id": "([^"]+)",\n {2}"created": "[^"]+",\n {2}"expires": "([^"]+)",\n/

/** Our own JSON files. */
export const plainJsonLayout: Layout = {
  ...plainLayout('.json', {
    stringify: (value) => JSON.stringify(value, null, 2),
    parse: JSON.parse,
  }),
  asRead(record) {
    const { createdAt, expiresAt, idle, lifetime } = record
    // a part of a millisecond is not written down, and a duration comes back by way of its seconds
    const isWhole =
      Number.isInteger(createdAt) && (Number.isInteger(expiresAt) || expiresAt === Infinity)
    return isWhole && idle === undefined && lifetime === undefined ? record : null
  },
  expiryIn(id, head) {
    const [, whose, expires] = HEAD.exec(head) ?? []
    return whose === id ? time(expires) : NaN
  },
}

/** The layout of JSON files. */
export function jsonLayout({ layout }: FileStoreOptions): Layout {
  return layout === 'dancer' ? dancerJsonLayout : plainJsonLayout
}
