/** More cookies of one name than this come from somebody who plants them. */
export const MAX_CANDIDATES = 8

/** Every value that a `Cookie` header holds under a name, in order, byte for byte. */
export function valuesOf(header: string, name: string): string[] {
  const values: string[] = []
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals === -1 || trim(pair.slice(0, equals)) !== name) continue
    values.push(trim(pair.slice(equals + 1)))
  }
  return values
}

/** Space and tab only: `String.trim` would also take U+00A0, and with it let another cookie pass for ours. */
function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
