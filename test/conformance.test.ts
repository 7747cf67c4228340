import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'vitest'
import { jsonStore, memoryStore, sealedCookie, yamlStore, type Store } from '../src/index.ts'
import { dancerId } from '../src/sessions/dancer-id.ts'
import { sealerSuite, storeSuite } from '../src/testing.ts'

const inFiles = (open: (dir: string) => Store, createId?: () => string) => () => {
  const parent = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-'))
  return {
    store: open(path.join(parent, 'sessions')),
    cleanup: () => fs.rmSync(parent, { recursive: true, force: true }),
    ...(createId && { createId }),
  }
}

describe('jsonStore', () => {
  storeSuite({ test: it, create: inFiles((dir) => jsonStore(dir)) })
})

describe('jsonStore, safe from power cuts', () => {
  storeSuite({ test: it, create: inFiles((dir) => jsonStore({ dir, durability: 'power' })) })
})

describe('yamlStore', () => {
  storeSuite({ test: it, create: inFiles((dir) => yamlStore(dir)) })
})

describe("jsonStore, Dancer's layout", () => {
  storeSuite({ test: it, create: inFiles((dir) => jsonStore({ dir, layout: 'dancer' }), dancerId) })
})

describe("yamlStore, Dancer's layout", () => {
  storeSuite({ test: it, create: inFiles((dir) => yamlStore({ dir, layout: 'dancer' }), dancerId) })
})

describe('memoryStore', () => {
  storeSuite({ test: it, create: () => ({ store: memoryStore() }) })
})

describe('sealedCookie', () => {
  const secrets = [crypto.randomUUID() + crypto.randomUUID()]
  sealerSuite({ test: it, create: () => ({ sealer: sealedCookie({ secrets }) }) })
})
