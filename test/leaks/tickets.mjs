// How much memory a sealer keeps for the tickets that it saw, when each came in a `Cookie` header with much else in
// it: `tickets.mjs DOORS`.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { rest } from './census.mjs'

const { sealedCookie } = await import(pathToFileURL(path.join(process.argv[2], 'index.js')).href)

/** As many as a sealer remembers. */
const COUNT = 1000
const OTHERS = `other=${'x'.repeat(15_000)}`

const secrets = [crypto.randomUUID() + crypto.randomUUID()]
const stranger = [crypto.randomUUID() + crypto.randomUUID()]
const data = {
  cart: Array.from({ length: 12 }, (_, n) => ({ sku: `VIT-${n}`, title: 'oak', qty: 1 })),
}
const sealer = sealedCookie({ secrets })

/** The ticket as a transport finds it: a part of the header. */
const received = (ticket, n) => `${n}=${n}; id=${ticket}; ${OTHERS}`.split('; id=')[1].split(';')[0]

async function visits(made) {
  const maker = sealedCookie({ secrets: made })
  for (let n = 0; n < COUNT; n++) {
    const record = { id: `id-${n}`, data, createdAt: 1, expiresAt: 2, revision: 1 }
    const ticket = received(await maker.seal(record, 'id'), n)
    for (let times = 0; times < 2; times++) await sealer.unseal(ticket, 'id')
  }
  await rest()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

for (let n = 0; n < 2; n++) await visits(stranger)
const empty = await visits(stranger)
const full = await visits(secrets)
const again = await visits(secrets)
const forged = await visits(stranger)
process.stdout.write(JSON.stringify({ tickets: COUNT, empty, full, again, forged }))
