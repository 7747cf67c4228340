import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createEngine,
  createId,
  jsonStore,
  memoryStore,
  sealedCookie,
  yamlStore,
  type Sealer,
  type Store,
} from '../../src/index.ts'

let dir: string
beforeEach(() => (dir = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-'))))
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }))

const secrets = [crypto.randomUUID() + crypto.randomUUID()]

const engines: Record<string, () => Store | Sealer> = {
  JSON: () => jsonStore(path.join(dir, 'sessions')),
  YAML: () => yamlStore(path.join(dir, 'sessions')),
  Simple: () => memoryStore(),
  Cookie: () => sealedCookie({ secrets }),
}

const onDisk = ['JSON', 'YAML']

function files(): string[] {
  const folder = path.join(dir, 'sessions')
  return fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => !name.startsWith('.')) : []
}

describe.each(Object.entries(engines))('the six verbs on %s', (name, store) => {
  const keeps = name !== 'Cookie'
  const inFiles = onDisk.includes(name)

  it('init makes ready and may be called again', async () => {
    const engine = createEngine({ store: store() })
    await engine.init()
    await engine.init()
    if (inFiles) expect(fs.existsSync(path.join(dir, 'sessions'))).toBe(true)
  })

  it('create stores at once, empty or with data', async () => {
    const engine = createEngine({ store: store() })
    const session = await engine.create()
    expect(session.data).toEqual({})
    if (inFiles) expect(files()).toEqual([expect.stringContaining(session.id)])
    const other = await engine.create({ user: 'ada' })
    expect(other.data).toEqual({ user: 'ada' })
    expect(other.id).not.toBe(session.id)
  })

  it('flush stores what was changed, retrieve brings it back', async () => {
    const engine = createEngine({ store: store() })
    const session = await engine.create()
    session.data['user'] = 'ada'
    session.data['cart'] = [{ sku: 'LMP-220', n: 2 }]
    const ticket = await engine.flush(session)
    const again = await engine.retrieve(ticket)
    expect(again?.data).toEqual({ user: 'ada', cart: [{ sku: 'LMP-220', n: 2 }] })
    expect(again?.id).toBe(session.id)
    expect(again?.isNew).toBe(false)
  })

  it('flush may be called again and again in one request', async () => {
    const engine = createEngine({ store: store() })
    const session = await engine.create()
    const { data } = session
    data['a'] = 1
    await engine.flush(session)
    data['b'] = 2 // the app may hold on to the object
    const ticket = await engine.flush(session)
    expect((await engine.retrieve(ticket))?.data).toEqual({ a: 1, b: 2 })
  })

  it('retrieve answers null for what is no session', async () => {
    const engine = createEngine({ store: store() })
    await engine.create()
    for (const ticket of [createId(), '', '../x', 'x'.repeat(5000), `${createId()}\n`]) {
      expect(await engine.retrieve(ticket)).toBeNull()
    }
  })

  it('destroy ends the session', async () => {
    const engine = createEngine({ store: store() })
    const session = await engine.create({ user: 'ada' })
    const ticket = await engine.flush(session)
    await engine.destroy(session)
    expect(files()).toEqual([])
    if (keeps) expect(await engine.retrieve(ticket)).toBeNull()
    expect(() => session.data).toThrow(expect.objectContaining({ code: 'DESTROYED' }))
    await expect(engine.flush(session)).rejects.toMatchObject({ code: 'DESTROYED' })
  })

  it('reset wipes, and the engine goes on', async () => {
    const engine = createEngine({ store: store() })
    const session = await engine.create({ user: 'ada' })
    await engine.reset()
    if (keeps) expect(await engine.retrieve(session.id)).toBeNull()
    expect(files()).toEqual([])
    const next = await engine.create({ user: 'bob' })
    const found = await engine.retrieve(await engine.flush(next))
    expect(found?.data).toEqual({ user: 'bob' })
  })

  it('a session belongs to its engine', async () => {
    const session = await createEngine({ store: store() }).create()
    const other = createEngine({ store: store() })
    await expect(other.flush(session)).rejects.toMatchObject({ code: 'DESTROYED' })
  })

  if (inFiles) {
    it('a directory that was removed under the running engine comes back', async () => {
      const engine = createEngine({ store: store() })
      await engine.create()
      fs.rmSync(path.join(dir, 'sessions'), { recursive: true })
      await engine.create()
      expect(files()).toHaveLength(1)
      await engine.reset()
      fs.rmSync(path.join(dir, 'sessions'), { recursive: true })
      await engine.create()
      expect(files()).toHaveLength(1)
    })
  }
})
