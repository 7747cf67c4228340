import { isPlainObject, put, type JsonObject, type Path } from '../../core/data.ts'

/** What stands for a hidden value. */
const MASK = '••••••••'

/** The least that tells a mask from a text of visitors: no write may hold it. */
const TRACE = '••••'

/** Why a value is hidden. */
export type Secret = 'key' | 'card' | 'jwt'

const SECRET_WORDS = new Set(
  (
    'apikey authorization bearer card cardnumber ccnumber credential credentials csrf cvc cvv iban jwt nonce otp ' +
    'passcode passphrase passwd password passwords pin privatekey pwd recoverycode secret secrets ssn token ' +
    'tokens totp xsrf'
  ).split(' '),
)
const SECRET_ENDING = /(?:password|passwd|secret|token)$/
const SECRET_PAIR = /(?:^| )(?:api|private|access|secret|signing|encryption) key(?: |$)/

/** Whether a member of this name holds a secret: `csrfToken`, `card_number`, `PASSWORD`, not `discard` or `pinned`. */
export function isSecretKey(key: string): boolean {
  const words = key
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
  return (
    words.some((word) => SECRET_WORDS.has(word) || SECRET_ENDING.test(word)) ||
    SECRET_PAIR.test(words.join(' '))
  )
}

// Card numbers begin with 3 to 6, or 22 to 27: a time in milliseconds does not.
const CARD = /(?<![\d.])(?:[3-6]\d|2[2-7])\d(?:[ -]?\d){10,16}(?![\d.]\d|\d)/g
const JWT = /eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g

/** ISO/IEC 7812-1, annex B: the check digit that every payment card ends with. */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place])
    const doubled = place % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, '')
  return digits.length >= (digits.startsWith('4') ? 13 : 14) && passesLuhn(digits)
}

/** What a value that is no object gives away by its look; `null`: nothing. */
function secretIn(value: unknown): Exclude<Secret, 'key'> | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const text = String(value)
  if (text.search(JWT) >= 0) return 'jwt'
  return text.match(CARD)?.some(isCard) ? 'card' : null
}

/**
 * Hides one value that is no object.
 * @param underSecretKey whether it is, or is inside, a member with a secret's name
 * @returns the value to show, and why it is hidden (`null`: it is not)
 */
export function maskScalar(
  value: unknown,
  underSecretKey: boolean,
): { readonly shown: unknown; readonly secret: Secret | null } {
  if ((typeof value !== 'string' && typeof value !== 'number') || value === '') {
    return { shown: value, secret: null }
  }
  const secret = secretIn(value)
  if (secret === 'card' && (!underSecretKey || isCard(String(value)))) {
    return { shown: String(value).replace(CARD, maskCard).replace(JWT, MASK), secret }
  }
  if (underSecretKey) return { shown: MASK, secret: 'key' }
  if (secret === 'jwt') return { shown: String(value).replace(JWT, MASK), secret }
  return { shown: value, secret: null }
}

/** The last four digits tell one card from another (PCI DSS 3.4 allows them). */
function maskCard(number: string): string {
  return isCard(number) ? `•••• •••• •••• ${number.replace(/\D/g, '').slice(-4)}` : number
}

/** A copy of plain JSON in which secrets are hidden, by their names and by their looks. */
export function masked(value: unknown, path: Path = []): unknown {
  return hide(
    value,
    path.some((key) => typeof key === 'string' && isSecretKey(key)),
  )
}

function hide(value: unknown, underSecretKey: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => hide(item, underSecretKey))
  if (!isPlainObject(value)) return maskScalar(value, underSecretKey).shown
  const copy: JsonObject = {}
  for (const [key, member] of Object.entries(value)) {
    put(copy, key, hide(member, underSecretKey || isSecretKey(key)))
  }
  return copy
}

/** Whether plain JSON holds what `masked` puts in: it must never be stored in place of the secret. */
export function holdsMask(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(TRACE)
  if (Array.isArray(value)) return value.some(holdsMask)
  if (!isPlainObject(value)) return false
  return Object.entries(value).some(([key, member]) => key.includes(TRACE) || holdsMask(member))
}

/** Whether data holds something that hardly belongs into a session: a card number, or a password. */
export function isRisky(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isRisky)
  if (!isPlainObject(value)) return secretIn(value) === 'card'
  return Object.entries(value).some(
    ([key, member]) =>
      (/password|passwd/i.test(key) && typeof member === 'string') || isRisky(member),
  )
}
