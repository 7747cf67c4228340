/** A ticket written in every other way that somebody may try. */

/** Asks for many at once. @returns those that were accepted */
export async function accepted(
  edits: Iterable<string>,
  open: (ticket: string) => Promise<unknown>,
): Promise<{ tried: number; opened: string[] }> {
  const opened: string[] = []
  let tried = 0
  let batch: string[] = []
  const ask = async () => {
    const answers = await Promise.all(batch.map(open))
    opened.push(...batch.filter((_, index) => answers[index] !== null))
    tried += batch.length
    batch = []
  }
  for (const edit of edits) {
    batch.push(edit)
    if (batch.length === 500) await ask()
  }
  await ask()
  return { tried, opened }
}

/** A ticket with each bit of its text turned, one at a time. */
export function* flips(ticket: string): Generator<string> {
  for (let at = 0; at < ticket.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const char = String.fromCharCode(ticket.charCodeAt(at) ^ (1 << bit))
      yield ticket.slice(0, at) + char + ticket.slice(at + 1)
    }
  }
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** A ticket with something added, taken away, moved or written another way. */
export function* edits(ticket: string): Generator<string> {
  const odd = [
    '=',
    '==',
    '%00',
    '%3D',
    '\0',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '.',
    '..',
    ';',
    ',',
    '"',
    '+',
    '/',
    '\u00a0',
  ]
  for (const piece of [...odd, ...BASE64URL, '\ufeff', '\u200b']) {
    yield ticket + piece
    yield piece + ticket
    yield ticket.replace('.', `${piece}.`)
    yield ticket.replace(/\.(?=[^.]*$)/, `.${piece}`)
  }
  for (let at = 0; at < ticket.length; at++) {
    const [before, char, after] = [ticket.slice(0, at), ticket[at] as string, ticket.slice(at + 1)]
    yield before + after
    yield before + char + char + after
    yield before
    const swapped = char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase()
    if (swapped !== char) yield before + swapped + after
    // the same bits for a careless decoder, where the character carries bits that do not count
    if (after === '' || after.startsWith('.')) {
      for (const tail of BASE64URL) if (tail !== char) yield before + tail + after
    }
  }
  yield ticket.toUpperCase()
  yield ticket.toLowerCase()
  yield [...ticket].reverse().join('')
  yield ticket
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/[^+/]*$/, '$&=')
  yield `"${ticket}"`
  yield encodeURIComponent(`${ticket} `)
  yield ticket + ticket
  yield Buffer.from(ticket).toString('base64url')
}

export function* all(
  tickets: readonly string[],
  make: (ticket: string) => Iterable<string>,
): Generator<string> {
  for (const ticket of tickets) for (const edit of make(ticket)) if (edit !== ticket) yield edit
}
