/** Directives that keep a response out of shared caches as well as `private` does, or better. */
const STRICT = ['private', 'no-store']

/** Directives that a shared cache would keep a private response by. */
const SHARED = ['public', 's-maxage']

/** Headers that speak of the answer that is not given after all. `Vary`, CORS and security headers stay. */
export const ABOUT_THE_ANSWER: readonly string[] = [
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
  'set-cookie',
  'trailer',
  'transfer-encoding',
]

/**
 * What a response header becomes when a session's header joins what the app said.
 * - `Set-Cookie`: one per cookie name (RFC 6265, 4.1.1); the session's replaces an earlier one of its name.
 * - `Vary`: the field is added unless it is there or everything varies (`*`).
 * - `Cache-Control`: `private`, unless the app said something at least as strict. A cookie in a shared cache hands
 *   one user's session to another (CVE-2023-30861).
 * - Anything else: the session's value.
 * @param name the header's name, in any case
 * @param said what the app said, one entry a header line
 * @param value the session's value
 * @returns the values to send, one entry a header line
 */
export function mergedHeader(
  name: string,
  said: readonly string[],
  value: string,
): readonly string[] {
  switch (name.toLowerCase()) {
    case 'set-cookie':
      return [...said.filter((cookie) => nameOf(cookie) !== nameOf(value)), value]
    case 'vary':
      return [withField(said, value)]
    case 'cache-control':
      return [said.length === 0 ? value : keptPrivate(said)]
    default:
      return [value]
  }
}

/** What stands before the first `=` of a cookie or a directive. */
function nameOf(text: string): string {
  return (text.split('=', 1)[0] as string).trim()
}

function withField(said: readonly string[], field: string): string {
  const fields = listOf(said)
  const known = fields.some((each) => each === '*' || each.toLowerCase() === field.toLowerCase())
  return (known ? fields : [...fields, field]).join(', ')
}

function keptPrivate(said: readonly string[]): string {
  const directives = listOf(said)
  // without an argument: `private="x-user"` hides one field only
  if (directives.some((directive) => STRICT.includes(directive.toLowerCase()))) {
    return directives.join(', ')
  }
  const own = directives.filter((directive) => !SHARED.includes(nameOf(directive).toLowerCase()))
  return [...own, 'private'].join(', ')
}

/** The members of a comma-separated list; commas inside quotes separate nothing. */
function listOf(lines: readonly string[]): string[] {
  const members = lines.join(',').match(/(?:[^,"]|"(?:\\.|[^"\\])*"?)+/g) ?? []
  return members.map((member) => member.trim()).filter((member) => member !== '')
}
