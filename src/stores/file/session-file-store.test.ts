import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createId } from '../../core/id.ts'
import { Unreadable } from './layout.ts'
import { sessionFileLayout, sessionFileStore } from './session-file-store.ts'

const ID = 'Jq1Xv-Z_4mR8pT2wB7nL0sHc5yJd9gEa'
const NOW = 1_795_000_000_000
const layout = sessionFileLayout(3_600_000)

function decoded(file: unknown): ReturnType<typeof layout.decode> {
  return layout.decode(ID, Buffer.from(JSON.stringify(file)), NOW)
}

describe('a file of session-file-store', () => {
  it('is the record of its data, without what was theirs', () => {
    const cookie = { originalMaxAge: null, expires: null, httpOnly: true, path: '/' }
    expect(decoded({ cookie, user: 'ada', cart: [], __lastAccess: NOW })).toEqual({
      data: { user: 'ada', cart: [] },
      createdAt: NOW,
      expiresAt: NOW + 3_600_000 - 60_000,
      revision: 0,
      idle: 3_600_000,
    })
  })

  it.each([
    [{}, 3_600_000, 3_540_000],
    [{ originalMaxAge: 0 }, 3_600_000, 3_540_000],
    [{ originalMaxAge: 86_400_000 }, 86_400_000, 86_340_000],
    [{ originalMaxAge: 8000 }, 8000, 7000],
  ])('with the cookie %j has the idle time %i and ends a beat before', (cookie, idle, left) => {
    expect(decoded({ cookie, __lastAccess: NOW })).toMatchObject({ idle, expiresAt: NOW + left })
  })

  it.each([
    { cookie: {}, __lastAccess: '1795000000000' },
    { cookie: {}, __lastAccess: null },
    { cookie: { originalMaxAge: '3600000' }, __lastAccess: NOW },
    { cookie: { originalMaxAge: true }, __lastAccess: NOW },
  ])('has no end that counts when a time is none: %j', (file) => {
    expect(decoded(file).expiresAt).toBeNaN()
  })

  it('is written as ours, and read again as the same', () => {
    const record = { ...decoded({ cookie: {}, user: 'ada', __lastAccess: NOW }), revision: 1 }
    const text = layout.encode(ID, record)
    expect(JSON.parse(text)).toMatchObject({ id: ID, idle: 3600, data: { user: 'ada' } })
    expect(layout.decode(ID, Buffer.from(text), NOW)).toEqual(record)
  })

  it('may hold data with the names of ours', () => {
    const file = { id: ID, data: { user: 'eve' }, expires: 'never', cookie: {}, __lastAccess: NOW }
    const { cookie: _, __lastAccess: __, ...data } = file
    expect(decoded(file)).toMatchObject({ data, expiresAt: NOW + 3_540_000 })
  })

  it('is nobody’s when it is encrypted', () => {
    const record = decoded({ hmac: 'a', ct: 'b', iv: {}, salt: {} })
    expect(record).toMatchObject({ data: {}, expiresAt: Infinity })
    expect(decoded({ hmac: 'c', ct: 'd' })).toBe(record)
  })

  it.each([
    null,
    [],
    'text',
    7,
    {},
    { ct: 'b' },
    { hmac: 'a' },
    { __lastAccess: NOW },
    { cookie: [], __lastAccess: NOW },
    { id: 'another', data: {} },
  ])('is none when it is %j', (file) => {
    expect(() => decoded(file)).toThrow(Unreadable)
  })
})

describe('a store that nobody listens to', () => {
  const dir = mkdtempSync(join(tmpdir(), 'vitrine-unit-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('does not read an encrypted file, and leaves it', async () => {
    const file = join(dir, `${ID}.json`)
    writeFileSync(file, '{"hmac":"a","ct":"b"}')
    const store = sessionFileStore({ dir }, 3_600_000)
    expect(await store.read(ID)).toBeNull()
    expect(await store.write(ID, decoded({ cookie: {}, __lastAccess: NOW }), null)).toBeNull()
    expect(readFileSync(file, 'utf8')).toBe('{"hmac":"a","ct":"b"}')
  })
})

describe('the ids', () => {
  it.each([ID, `-${ID.slice(1)}`, `_${ID.slice(1)}`, createId(), crypto.randomUUID()])(
    'of express-session and ours are taken: %s',
    (id) => {
      expect(layout.accepts(id)).toBe(true)
    },
  )

  it.each([
    '',
    'con',
    'short',
    '.'.repeat(32),
    `${ID}/x`,
    `../${ID}`,
    `${ID}\n`,
    `${ID}\0`,
    'x'.repeat(129),
    `ſ${ID}`,
  ])('that are no safe file names are not: %j', (id) => {
    expect(layout.accepts(id)).toBe(false)
  })

  it('are texts', () => {
    expect(layout.accepts([ID] as unknown as string)).toBe(false)
  })
})
