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
  // a part of a millisecond is not written down, and a duration comes back by way of its seconds
  isExact: ({ createdAt, expiresAt, idle, lifetime }) =>
    Number.isInteger(createdAt) &&
    (Number.isInteger(expiresAt) || expiresAt === Infinity) &&
    idle === undefined &&
    lifetime === undefined,
  expiryIn(id, head) {
    const [, whose, expires] = HEAD.exec(head) ?? []
    return whose === id ? time(expires) : NaN
  },
}

/** The layout of JSON files. */
export function jsonLayout({ layout }: FileStoreOptions): Layout {
  return layout === 'dancer' ? dancerJsonLayout : plainJsonLayout
}
