/** Text that is HTML already, everything in it escaped where it had to be. */
export interface Html {
  readonly html: string
}

/** What may stand in a template: texts are escaped, lists joined, nothing leaves nothing. */
export type Content = Html | string | number | false | null | undefined | readonly Content[]

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Makes HTML from a template. Every value is escaped unless it is HTML already. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return { html: parts.map((part, at) => part + text(values[at])).join('') }
}

function text(content: Content): string {
  if (content === null || content === undefined || content === false) return ''
  if (isList(content)) return content.map(text).join('')
  if (typeof content === 'object') return content.html
  return String(content).replace(/[&<>"']/g, (character) => ESCAPES[character] as string)
}

// Array.isArray alone does not narrow a readonly list
function isList(content: Content): content is readonly Content[] {
  return Array.isArray(content)
}
