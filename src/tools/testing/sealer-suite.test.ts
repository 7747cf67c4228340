import { describe, test } from 'vitest'
import { sealedCookie } from '../../transports/seal.ts'
import { sealerSuite } from './sealer-suite.ts'

describe('the sealed cookie passes', () => {
  const secrets = ['lQ2mVw8rTz5yXc1nBk7jHd4gFs9aPe6u']
  sealerSuite({ test, create: () => ({ sealer: sealedCookie({ secrets }) }) })
})
