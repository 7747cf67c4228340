/** Reads the fenced code blocks of a document, and what the comment above each says about testing it. */

export interface Document {
  readonly name: string
  readonly text: string
}

export interface Block {
  /** `README.md:12`, the line of the block's first line of code. */
  readonly at: string
  readonly document: string
  readonly line: number
  readonly language: string
  readonly text: string
  /** The heading it stands under. */
  readonly section: string
  readonly plan: Plan
  /** Code that the reader does not see: the comment's further lines. */
  readonly preamble: string
}

/** What is done with a block. */
export type Plan =
  | { readonly kind: 'types' | 'program'; readonly continues: boolean }
  | { readonly kind: 'server'; readonly continues: boolean; readonly requests: readonly Ask[] }
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'run' | 'output' | 'names' | 'data' }
  | { readonly kind: 'none'; readonly because: string }
  | { readonly kind: 'unknown'; readonly problem: string }

export interface Ask {
  readonly method: string
  readonly path: string
}

const CODE = ['ts', 'mts', 'js', 'mjs', 'cjs', 'typescript', 'javascript']
const SHELL = ['sh', 'bash', 'shell', 'console']
const DATA = ['json', 'yaml', 'yml']

const FENCE = /^(\s*)(`{3,}|~{3,})\s*([\w-]*)/
const MARK = /^<!--\s*test:([^]*?)-->$/

/** Every fenced block of a document, in order. */
export function blocksOf({ name, text }: Document): Block[] {
  const lines = text.split(/\r?\n/)
  const blocks: Block[] = []
  let section = ''
  let mark: string | null = null
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string
    const fence = FENCE.exec(line)
    if (fence) {
      const [, indent = '', ticks = '', language = ''] = fence
      const body: string[] = []
      const first = at + 2
      for (at++; at < lines.length && !closes(lines[at] as string, ticks); at++) {
        body.push((lines[at] as string).replace(new RegExp(`^\\s{0,${indent.length}}`), ''))
      }
      blocks.push(block(name, first, section, language.toLowerCase(), body.join('\n'), mark))
      mark = null
    } else if (line.trimStart().startsWith('<!--')) {
      const comment = [line.trim()]
      while (!(comment.at(-1) as string).includes('-->') && at + 1 < lines.length) {
        comment.push(lines[++at] as string)
      }
      mark = MARK.exec(comment.join('\n').trim())?.[1] ?? null
    } else if (line.trim() !== '') {
      mark = null
      section = /^#{1,2}\s+(.*)$/.exec(line)?.[1] ?? section
    }
  }
  return blocks
}

function closes(line: string, ticks: string): boolean {
  return line.trim().startsWith(ticks) && /^(`+|~+)$/.test(line.trim())
}

function block(
  document: string,
  line: number,
  section: string,
  language: string,
  text: string,
  mark: string | null,
): Block {
  const [words = '', ...preamble] = (mark ?? '').trim().split('\n')
  return {
    at: `${document}:${line}`,
    document,
    line,
    language,
    text,
    section,
    plan: mark === null ? planByLanguage(language) : planByMark(words.trim(), language),
    preamble: preamble.join('\n'),
  }
}

/** Without a comment the strictest reading holds. */
function planByLanguage(language: string): Plan {
  if (CODE.includes(language)) return { kind: 'program', continues: false }
  if (SHELL.includes(language)) return { kind: 'names' }
  if (DATA.includes(language)) return { kind: 'data' }
  const what = language === '' ? 'A block without a language' : `A ${language} block`
  return { kind: 'unknown', problem: `${what} needs a comment above it: <!-- test: … -->` }
}

function planByMark(mark: string, language: string): Plan {
  const [head = '', ...rest] = mark.split(/\s*,\s*/)
  const [kind = '', ...argument] = head.split(/\s+/)
  const unknown = (problem: string): Plan => ({ kind: 'unknown', problem })
  const needs = (languages: readonly string[], plan: Plan): Plan =>
    languages.includes(language) ? plan : unknown(`${kind} is not for a ${language} block`)
  const continues = rest.includes('continues')
  const others = rest.filter((word) => word !== 'continues')
  const asks = others.map((word) => /^(GET|POST|PUT|PATCH|DELETE) (\/\S*)$/.exec(word))
  const plain = rest.length === 0 && argument.length === 0

  if (kind === 'none') {
    const because = /^none, because (\S.*)$/.exec(mark)?.[1]
    return because === undefined
      ? unknown('Say why: <!-- test: none, because … -->')
      : { kind, because }
  }
  if (kind === 'file' && argument.length === 1 && rest.length === 0) {
    const name = argument[0] as string
    return /^[\w-][\w.-]*$/.test(name) ? { kind, name } : unknown(`${name} is no plain file name`)
  }
  if ((kind === 'types' || kind === 'program') && argument.length === 0 && others.length === 0) {
    return needs(CODE, { kind, continues })
  }
  if (kind === 'server' && argument.length === 0 && asks.every((ask) => ask !== null)) {
    const requests = asks.map(([, method, path]) => ({ method, path }) as Ask)
    return needs(CODE, { kind, continues, requests })
  }
  if (kind === 'run' && plain) return needs(SHELL, { kind })
  if (kind === 'output' && plain) return { kind }
  return unknown(`Cannot understand <!-- test: ${mark} -->`)
}
