import { createHmac } from 'node:crypto'
import { sealData } from 'iron-session'
import { CompactEncrypt, SignJWT, UnsecuredJWT } from 'jose'
import { encode } from 'jose/base64url'
import { describe, expect, it } from 'vitest'
import {
  cookie,
  createId,
  createSessions,
  memoryStore,
  sealedCookie,
  type SealedRecord,
  type SessionEvent,
} from '../../src/index.ts'
import { keyring } from '../../src/transports/secrets.ts'
import { signer } from '../../src/transports/sign.ts'

const SECRET = 'hG3kPw9sLz6xVb2nMq8jRd5fTy1aCe7o'
const OTHER = 'lQ2mVw8rTz5yXc1nBk7jHd4gFs9aPe6u'
const THIRD = Uint8Array.from({ length: 32 }, (_, n) => (n * n * 37 + 11) & 255)

const sealer = sealedCookie({ secrets: [SECRET] })
const signs = signer([SECRET])

function aRecord(n = 0): SealedRecord {
  const data = { user: `user ${n}`, text: 'x'.repeat((n * 7) % 90) }
  return { id: createId(), data, createdAt: 1000 + n, expiresAt: 9_000_000_000_000, revision: n }
}

const times = async <T>(count: number, make: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)))

describe('a sealed ticket', () => {
  it('is nothing under another name, another secret, or as a signed one', async () => {
    const ticket = await sealer.seal(aRecord(), 'id')
    for (const purpose of [
      'ID',
      'id ',
      ' id',
      '',
      'i',
      'id2',
      '__Host-id',
      'sid',
      'id\0',
      '\u0131d',
    ]) {
      expect(await sealer.unseal(ticket, purpose)).toBeNull()
    }
    expect(await sealedCookie({ secrets: [OTHER, THIRD] }).unseal(ticket, 'id')).toBeNull()
    expect(await signs.verify(ticket, 'id')).toBeNull()
  })
})

describe('a signed ticket', () => {
  it('is nothing under another name or another secret', async () => {
    const id = createId()
    const ticket = await signs.sign(id, 'id')
    for (const purpose of ['ID', 'id ', ' id', '', 'i', 'id2', '__Host-id', 'sid', 'id\0']) {
      expect(await signs.verify(ticket, purpose)).toBeNull()
    }
    expect(await signer([OTHER]).verify(ticket, 'id')).toBeNull()
    const mac = ticket.slice(id.length)
    expect(await signs.verify(createId() + mac, 'id')).toBeNull()
    for (const key of [SECRET, `vitrine signed ticket id`, '', OTHER]) {
      for (const text of [id, `id${id}`, `id=${id}`]) {
        const made = createHmac('sha256', key).update(text).digest('base64url')
        expect(await signs.verify(`${id}.${made}`, 'id')).toBeNull()
      }
    }
  })
})

describe('keys that are changed', () => {
  it('log nobody out, and what only an old key opens is nothing once that is gone', async () => {
    const [one, both, three, two] = [
      [SECRET],
      [OTHER, SECRET],
      [THIRD, OTHER, SECRET],
      [THIRD, OTHER],
    ]
    const [older, newer] = [signer(one), signer(both)]
    for (const [made, secrets, open] of [
      [one, both, true],
      [one, three, true],
      [both, two, true],
      [three, two, true],
      [one, two, false],
      [both, one, false],
    ] as const) {
      const record = aRecord()
      const sealed = await sealedCookie({ secrets: made }).seal(record, 'id')
      expect(await sealedCookie({ secrets }).unseal(sealed, 'id')).toEqual(open ? record : null)
      const signed = await signer(made).sign(record.id, 'id')
      expect(await signer(secrets).verify(signed, 'id')).toBe(open ? record.id : null)
    }
    // while requests come in, with tickets of both kinds
    const tickets = await times(500, (n) =>
      (n % 2 ? older : newer).sign(`ticket-${n}-abcdefgh`, 'id'),
    )
    const opened = await Promise.all(tickets.map(async (ticket) => newer.verify(ticket, 'id')))
    expect(opened).toEqual(tickets.map((ticket) => ticket.split('.')[0]))
  })

  it.each([
    ...[
      undefined,
      null,
      '',
      'secret',
      {},
      0,
      true,
      [],
      [''],
      ['secret'],
      ['changeme'],
      [undefined],
    ],
    ...[[null], [0], [{}], [[SECRET]], [SECRET, ''], [SECRET, 'short'], [SECRET, undefined]],
    ...[['x'.repeat(31)], ['x'.repeat(64)], ['ab'.repeat(32)], ['\0'.repeat(32)], [' '.repeat(40)]],
    ...[
      ['change me'.padEnd(40, '!')],
      ['your-secret-key-goes-here-1234567890'],
      ['keyboard cat'.repeat(3)],
    ],
    ...[
      ['my super secret session secret 12345'],
      ['password'.padEnd(32, '0')],
      ['default'.padEnd(33, 'q')],
    ],
    ...[[new Uint8Array(32)], [new Uint8Array(31).fill(7)], [new Uint8Array()], [Symbol('s')]],
    ...[[new String(SECRET)], [Buffer.alloc(64, 'ab')], Object.assign([], { length: 1 })],
  ])('are refused before the first request: %s', (secrets) => {
    const config = expect.objectContaining({ code: 'CONFIG' }) as Error
    expect(() => sealedCookie({ secrets: secrets as string[] })).toThrow(config)
    expect(() => cookie({ secrets: secrets as string[] })).toThrow(config)
    let message = ''
    try {
      sealedCookie({ secrets: secrets as string[] })
    } catch (error) {
      message = (error as Error).message
    }
    for (const secret of Array.isArray(secrets) ? (secrets as unknown[]) : []) {
      if (typeof secret === 'string' && secret.length > 9) expect(message).not.toContain(secret)
    }
  })
})

/** What others put into cookies, made with our own secret wherever they take one. */
async function othersCookies(): Promise<string[]> {
  const id = createId()
  const record = { ...aRecord(), id, exp: 9_000_000_000 }
  const json = JSON.stringify({
    id,
    created: 1,
    expires: 9e12,
    revision: 1,
    data: { user: 'admin' },
  })
  const key = new TextEncoder().encode(SECRET)
  const sha1 = createHmac('sha1', SECRET).update(`id=${Buffer.from(json).toString('base64')}`)
  const sha256 = createHmac('sha256', SECRET).update(id).digest('base64').replace(/=+$/, '')
  const claims = { id, user: 'admin' }
  const encrypted = (header: object, secret: Uint8Array) =>
    new CompactEncrypt(new TextEncoder().encode(json))
      .setProtectedHeader(header as never)
      .encrypt(secret)
  return [
    await sealData(record, { password: SECRET }),
    Buffer.from(json).toString('base64'),
    Buffer.from(json).toString('base64url'),
    `${Buffer.from(json).toString('base64')}.${sha1.digest('base64url')}`,
    encodeURIComponent(json),
    json,
    `j:${json}`,
    `s:${id}.${sha256}`,
    `s%3A${id}.${encodeURIComponent(sha256)}`,
    `${id}.${sha256}`,
    `${id}.${sha256.replaceAll('+', '-').replaceAll('/', '_')}`,
    new UnsecuredJWT(claims).encode(),
    await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key),
    await new SignJWT(claims).setProtectedHeader({ alg: 'HS512', typ: 'JWT' }).sign(key),
    `${encode('{"alg":"none"}')}.${encode(json)}.`,
    `${encode('{"alg":"dir","enc":"none"}')}..${encode('')}.${encode(json)}.${encode('')}`,
    `${encode('{"alg":"dir","enc":"A256GCM"}')}..${encode('a'.repeat(12))}.${encode(json)}.${encode('a'.repeat(16))}`,
    await encrypted({ alg: 'dir', enc: 'A256GCM' }, key),
    await encrypted({ alg: 'dir', enc: 'A128CBC-HS256' }, key),
    await encrypted({ alg: 'A256KW', enc: 'A256GCM' }, key),
    await encrypted({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', p2c: 2048 }, key),
    '\u0004\b{\u0006:\tuserI"\nadmin', // Ruby's Marshal
    'O:8:"stdClass":1:{s:4:"user";s:5:"admin";}', // PHP
    '\u0080\u0004\u0095}\u0094\u008c\u0004user', // Python's pickle
    Buffer.from('\u0004\b{\u0006', 'latin1').toString('base64'),
    `--- !ruby/object:Hash\nuser: admin\nid: ${id}\n`,
    `id: ${id}\nuser: admin\n`,
    'rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcA', // Java
    `gAAAAAB${'A'.repeat(93)}`, // Fernet
    `v2.local.${'A'.repeat(60)}`, // PASETO
    `Fe26.2**${'a'.repeat(64)}*${'b'.repeat(22)}*${'c'.repeat(40)}**${'d'.repeat(64)}*${'e'.repeat(43)}~2`,
    `U2FsdGVkX1${'a'.repeat(40)}`, // OpenSSL
    '294738561029384756102938475610293847561',
  ]
}

/** Headers that another implementation would take. */
const HEADERS: readonly object[] = [
  ...[
    { enc: 'A256GCM', alg: 'dir' },
    { alg: 'dir', enc: 'A256GCM', typ: 'JWT' },
  ],
  ...[
    { alg: 'dir', enc: 'A256GCM', kid: '1' },
    { alg: 'dir', enc: 'A256GCM', cty: 'JWT' },
  ],
  ...[
    { alg: 'dir', enc: 'A256GCM', jku: 'http://evil' },
    { alg: 'dir', enc: 'A256GCM', x5u: 'http://evil' },
  ],
]

describe('what is no ticket of ours', () => {
  it('opens nothing, whoever made it, and says so once for each', async () => {
    const cookies = await othersCookies()
    const ours = await keyring([SECRET], 'vitrine sealed cookie', { name: 'AES-GCM', length: 256 })(
      'id',
    )
    const content = new TextEncoder().encode(
      '{"id":"x","created":1,"expires":9e12,"revision":1,"data":{}}',
    )
    for (const header of HEADERS) {
      cookies.push(
        await new CompactEncrypt(content)
          .setProtectedHeader(header as never)
          .encrypt(ours[0] as never),
      )
    }
    // our own ticket under every other header
    const [, ...rest] = (await sealer.seal(aRecord(), 'id')).split('.')
    for (const alg of [
      'none',
      'dir',
      'DIR',
      'A256KW',
      'RSA-OAEP',
      'ECDH-ES',
      'PBES2-HS256+A128KW',
      '',
      null,
    ]) {
      for (const enc of ['none', 'A256GCM', 'A128GCM', 'a256gcm', 'A256CBC-HS512', '', null]) {
        if (alg === 'dir' && enc === 'A256GCM') continue
        cookies.push([encode(JSON.stringify({ alg, enc })), ...rest].join('.'))
      }
    }
    cookies.push(
      ...['', ' ', 'e30', 'bnVsbA', 'W10', encode('{"alg": "dir", "enc": "A256GCM"}')].map(
        (header) => [header, ...rest].join('.'),
      ),
    )
    expect(cookies.length).toBeGreaterThan(100)
    for (const value of cookies) {
      expect(await sealer.unseal(value, 'id')).toBeNull()
      expect(await signs.verify(value, 'id')).toBeNull()
    }
  })

  it.each([
    ['sealed', { store: sealer }],
    ['signed', { store: memoryStore(), transport: cookie({ secrets: [SECRET] }) }],
    ['bare', { store: memoryStore() }],
  ])('makes nobody of a visitor whose session is %s', async (_, options) => {
    const events: SessionEvent[] = []
    const sessions = createSessions({ ...options, report: (event) => events.push(event) })
    for (const value of await othersCookies()) {
      events.length = 0
      const session = await sessions.open({ headers: { get: () => `id=${value}` } })
      expect(session.isNew).toBe(true)
      expect(session.data).toEqual({})
      expect(JSON.stringify(events)).not.toContain(value.slice(0, 20))
      expect(events.every(({ type }) => type === 'rejected')).toBe(true)
      expect(events.length).toBeLessThan(9)
      // and looking leaves the browser's cookie alone
      const headers = await sessions.commit(session)
      expect(headers.filter(([name]) => name === 'set-cookie')).toEqual([])
    }
  })
})
