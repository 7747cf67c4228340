import { generateKeyPairSync, sign } from 'node:crypto'

/** A key and a certificate that nobody trusts, for `https` on this computer, as PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

const DAY = 86_400_000

/** Tags of ASN.1 (X.690): what X.509 (RFC 5280) is written in. */
const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const OID = 0x06
const UTF8 = 0x0c
const UTC_TIME = 0x17
const SEQUENCE = 0x30
const SET = 0x31
const VERSION = 0xa0
const EXTENSIONS = 0xa3
const DNS_NAME = 0x82

/** Makes a certificate for `localhost`, good for a day. */
export function throwAwayCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsaWithSha256 = der(SEQUENCE, der(OID, hex('2a8648ce3d040302')))
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, der(OID, hex('550403')), text(UTF8, 'localhost'))),
  )
  const names = der(SEQUENCE, text(DNS_NAME, 'localhost'))
  const subjectAltName = der(SEQUENCE, der(OID, hex('551d11')), der(OCTET_STRING, names))
  const body = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, hex('02'))),
    der(INTEGER, hex('01')),
    ecdsaWithSha256,
    name,
    der(SEQUENCE, time(Date.now() - DAY), time(Date.now() + DAY)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(EXTENSIONS, der(SEQUENCE, subjectAltName)),
  )
  const signature = der(BIT_STRING, hex('00'), sign('sha256', body, privateKey))
  const base64 = der(SEQUENCE, body, ecdsaWithSha256, signature).toString('base64')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  }
}

function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const { length } = body
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

function text(tag: number, value: string): Buffer {
  return der(tag, Buffer.from(value))
}

function time(at: number): Buffer {
  return text(UTC_TIME, new Date(at).toISOString().slice(2, 19).replaceAll(/[-:T]/g, '') + 'Z')
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex')
}
