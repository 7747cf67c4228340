import { CompactEncrypt } from 'jose'
import { encode } from 'jose/base64url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createId } from '../core/id.ts'
import type { SealedRecord, SessionData } from '../core/store.ts'
import { sealedCookie } from './seal.ts'
import { keyring } from './secrets.ts'

const OLD = 'hG3kPw9sLz6xVb2nMq8jRd5fTy1aCe7o'
const NEW = 'lQ2mVw8rTz5yXc1nBk7jHd4gFs9aPe6u'
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const HEADER = { alg: 'dir', enc: 'A256GCM' }

const sealer = sealedCookie({ secrets: [NEW] })

function aRecord(data: SessionData = { user: 'ada' }): SealedRecord {
  return { id: createId(), data, createdAt: 1000, expiresAt: 9000, revision: 3 }
}

/** Seals any content with the right key. */
async function sealContent(content: unknown, header: object = HEADER): Promise<string> {
  const bytes =
    content instanceof Uint8Array ? content : new TextEncoder().encode(JSON.stringify(content))
  const keys = keyring([NEW], 'vitrine sealed cookie', { name: 'AES-GCM', length: 256 })
  const [key] = await keys('id')
  return new CompactEncrypt(bytes).setProtectedHeader(header as never).encrypt(key as never)
}

describe('a sealed ticket', () => {
  it('is a compact JWE with a fixed header', async () => {
    const ticket = await sealer.seal(aRecord(), 'id')
    const [header, key, ...rest] = ticket.split('.')
    expect(atob(header as string)).toBe('{"alg":"dir","enc":"A256GCM"}')
    expect(key).toBe('')
    expect(rest.map((part) => part.length > 0)).toEqual([true, true, true])
  })

  it('is opened with every secret and sealed with the newest', async () => {
    const record = aRecord()
    const both = sealedCookie({ secrets: [NEW, OLD] })
    const old = await sealedCookie({ secrets: [OLD] }).seal(record, 'id')
    expect(await both.unseal(old, 'id')).toEqual(record)
    expect(await sealer.unseal(old, 'id')).toBeNull()
    expect(await sealer.unseal(await both.seal(record, 'id'), 'id')).toEqual(record)
  })

  it('needs good secrets', () => {
    expect(() => sealedCookie({ secrets: ['short'] })).toThrow(
      expect.objectContaining({ code: 'CONFIG' }),
    )
  })

  it('tells the length of its content in steps of 64 bytes only', async () => {
    const lengths = new Set<number>()
    for (let length = 0; length < 64; length++) {
      lengths.add((await sealer.seal(aRecord({ text: 'x'.repeat(length) }), 'id')).length)
    }
    expect(lengths.size).toBe(2)
    const [one, two] = [...lengths] as [number, number]
    expect(two - one).toBeGreaterThanOrEqual(85)
  })

  it('may fill a cookie to the last byte, and no further', async () => {
    const name = '__Host-'.length + 1
    let refused = 0
    for (let length = 2300; length < 3000; length += 16) {
      const record = aRecord({ text: 'x'.repeat(length) })
      const ticket = await sealer.seal(record, 'id').catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'TOO_LARGE' })
        return null
      })
      if (ticket === null) refused++
      else {
        expect(refused).toBe(0)
        expect(name + 'id'.length + ticket.length).toBeLessThanOrEqual(4096)
        expect(await sealer.unseal(ticket, 'id')).toEqual(record)
        const longName = 'n'.repeat(4096 - name - ticket.length)
        expect(await sealer.seal(record, longName)).toHaveLength(ticket.length)
        await expect(sealer.seal(record, `${longName}n`)).rejects.toMatchObject({
          code: 'TOO_LARGE',
        })
      }
    }
    expect(refused).toBeGreaterThan(0)
  })

  it('counts what waits for the next request as well', async () => {
    const record = { ...aRecord({}), flash: { notice: 'x'.repeat(5000) } }
    await expect(sealer.seal(record, 'id')).rejects.toThrow(/biggest: flash 5.0 kB/)
  })

  it('carries any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
        async (data) => {
          const record = aRecord(JSON.parse(JSON.stringify(data)) as SessionData)
          const ticket = await sealer.seal(record, 'id').catch(() => null)
          if (ticket !== null) expect(await sealer.unseal(ticket, 'id')).toEqual(record)
        },
      ),
    )
  })

  it('leaves prototypes alone', async () => {
    const data = JSON.parse('{"__proto__":{"admin":true}}') as SessionData
    const record = await sealer.unseal(await sealer.seal(aRecord(data), 'id'), 'id')
    expect(Object.keys(record?.data as object)).toEqual(['__proto__'])
    expect((record?.data as { admin?: unknown }).admin).toBeUndefined()
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })
})

describe('a ticket that is not ours', () => {
  it('is refused with any bit of it changed', async () => {
    for (let round = 0; round < 20; round++) {
      const ticket = await sealer.seal(aRecord(), 'id')
      const forged = [...ticket].map((char, at) => {
        const bit = 1 << ((at + round) % 7) // over 20 tickets every bit has its turn
        return (
          ticket.slice(0, at) + String.fromCharCode(char.charCodeAt(0) ^ bit) + ticket.slice(at + 1)
        )
      })
      const answers = await Promise.all(forged.map((text) => sealer.unseal(text, 'id')))
      expect(answers.every((answer) => answer === null)).toBe(true)
    }
  })

  it('is refused with another base64 tail in any of its parts', async () => {
    for (const text of ['', 'x'.repeat(64), 'x'.repeat(128)]) {
      const parts = (await sealer.seal(aRecord({ text }), 'id')).split('.')
      for (const [index, part] of parts.entries()) {
        if (part === '') continue
        for (const char of BASE64URL) {
          if (part.endsWith(char)) continue
          const forged = parts.with(index, part.slice(0, -1) + char).join('.')
          expect(await sealer.unseal(forged, 'id')).toBeNull()
        }
        for (const more of ['A', '=', '==', 'AA', 'AAA', 'AAAA', '\n']) {
          expect(await sealer.unseal(parts.with(index, part + more).join('.'), 'id')).toBeNull()
        }
      }
    }
  })

  it.each([
    ['names no algorithm', { alg: 'none' }],
    ['asks for another algorithm', { alg: 'A256KW', enc: 'A256GCM' }],
    ['asks for another encryption', { alg: 'dir', enc: 'A128GCM' }],
    ['says more than it must', { alg: 'dir', enc: 'A256GCM', kid: '1' }],
    ['says the same in another order', { enc: 'A256GCM', alg: 'dir' }],
    ['wants to be inflated', { alg: 'dir', enc: 'A256GCM', zip: 'DEF' }],
  ])('is refused when its header %s', async (_, header) => {
    const parts = (await sealer.seal(aRecord(), 'id')).split('.')
    expect(
      await sealer.unseal(parts.with(0, encode(JSON.stringify(header))).join('.'), 'id'),
    ).toBeNull()
  })

  it('is refused even with the right key when its header is not ours to the letter', async () => {
    expect(await sealer.unseal(await sealContent(content({})), 'id')).not.toBeNull()
    for (const header of [
      { ...HEADER, cty: 'JSON' },
      { enc: HEADER.enc, alg: HEADER.alg },
    ]) {
      expect(await sealer.unseal(await sealContent(content({}), header), 'id')).toBeNull()
    }
  })

  it('is not even tried when no cookie could hold it', async () => {
    expect(
      await sealer.unseal(await sealContent(content({ data: { a: 'x'.repeat(5000) } })), 'id'),
    ).toBeNull()
  })

  it('never throws', async () => {
    const prefix = `${encode(JSON.stringify(HEADER))}..`
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (text) => {
        expect(await sealer.unseal(text, 'id')).toBeNull()
        expect(await sealer.unseal(prefix + text, 'id')).toBeNull()
        expect(
          await sealer.unseal(`${prefix}${encode(text)}.${encode(text)}.AAAA`, 'id'),
        ).toBeNull()
      }),
    )
  })
})

/** The content of a good ticket, with something else in it. */
function content(change: object): object {
  return { id: 'abc', created: 1, expires: 2, revision: 1, data: {}, ...change }
}

describe('sealed content', () => {
  it('is a record when every member has its type', async () => {
    expect(await sealer.unseal(await sealContent(content({})), 'id')).toEqual({
      id: 'abc',
      createdAt: 1,
      expiresAt: 2,
      revision: 1,
      data: {},
    })
  })

  it.each<[name: string, value: unknown]>([
    ['id', undefined],
    ['created', undefined],
    ['expires', undefined],
    ['revision', undefined],
    ['data', undefined],
    ['id', 1],
    ['id', ['abc']],
    ['created', '1'],
    ['created', 'never'],
    ['expires', null],
    ['expires', '2026-01-01'],
    ['expires', true],
    ['revision', '1'],
    ['revision', null],
    ['data', null],
    ['data', []],
    ['data', 'text'],
    ['flash', null],
    ['flash', []],
    ['flash', 1],
    ['idle', null],
    ['idle', '5'],
    ['idle', {}],
    ['lifetime', null],
    ['lifetime', 'ever'],
    ['retired', false],
    ['retired', 1],
    ['retired', null],
  ])('is refused when %s is %j', async (name, value) => {
    expect(await sealer.unseal(await sealContent(content({ [name]: value })), 'id')).toBeNull()
  })

  it.each([
    ['null', null],
    ['a list', [content({})]],
    ['a text', 'text'],
    ['a number', 1],
    ['nothing', new Uint8Array()],
    ['not JSON', new TextEncoder().encode('---\nuser: ada\n')],
    ['not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['two values', new TextEncoder().encode('{} {}')],
  ])('is refused when it is %s', async (_, value) => {
    expect(await sealer.unseal(await sealContent(value), 'id')).toBeNull()
  })
})
