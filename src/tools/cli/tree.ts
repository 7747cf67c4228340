import { formatPath, isPlainObject, type JsonObject, type Path } from '../../core/data.ts'
import { countText } from './facts.ts'
import { isSecretKey, maskScalar, type Secret } from './mask.ts'
import type { Palette } from './style.ts'
import { cut, pad, printable, widthOf } from './terminal.ts'

const HINT = '--reveal shows it'

/** How a value is laid out. */
export interface Layout {
  readonly colours: Palette
  /** In columns. */
  readonly width: number
  readonly reveal: boolean
}

/** Past this, the names of siblings are no longer lined up. */
const NAME_LIMIT = 24

/** A list or an object stands on one line up to this width. */
const INLINE_LIMIT = 72

const NOTES: Readonly<Record<Secret, string>> = {
  card: '⚠ looks like a card number',
  jwt: '⚠ looks like a token',
  key: '',
}

/** Lays a value out as a tree: names in bold, values by type, secrets hidden. */
export function treeLines(value: unknown, path: Path, layout: Layout): string[] {
  const secret = path.some((key) => typeof key === 'string' && isSecretKey(key))
  const told = { hint: false }
  if (!isPlainObject(value) && !Array.isArray(value)) {
    return [scalarText(value, secret, Infinity, layout, told)]
  }
  return branch(value, secret, 0, layout, told)
}

interface Told {
  hint: boolean
}

function branch(
  value: JsonObject | readonly unknown[],
  secret: boolean,
  depth: number,
  layout: Layout,
  told: Told,
): string[] {
  const { colours, width } = layout
  const members = Object.entries(value)
  const names = members.map(([name]) => printable(name))
  const longest = Math.max(0, ...names.map(widthOf).filter((each) => each <= NAME_LIMIT))
  const indent = '  '.repeat(depth)
  return members.flatMap(([name, member], at) => {
    const hidden = secret || (!Array.isArray(value) && isSecretKey(name))
    const shownName = names[at] as string
    const style = Array.isArray(value)
      ? colours.dim
      : depth === 0
        ? colours.bold
        : (text: string) => text
    const head = indent + style(pad(shownName, longest))
    const room = width - widthOf(indent) - Math.max(longest, widthOf(shownName)) - 2
    if (!isBranch(member)) return [`${head}  ${scalarText(member, hidden, room, layout, told)}`]
    const inline = depth === 0 && isPlainObject(member) ? null : inlineText(member, hidden, layout)
    if (inline !== null && widthOf(inline) <= Math.min(room, INLINE_LIMIT))
      return [`${head}  ${inline}`]
    const count = Array.isArray(member) ? `  ${colours.dim(`[${member.length}]`)}` : ''
    return [
      `${indent}${style(shownName)}${count}`,
      ...branch(member, hidden, depth + 1, layout, told),
    ]
  })
}

function isBranch(value: unknown): value is JsonObject | readonly unknown[] {
  return (Array.isArray(value) || isPlainObject(value)) && Object.keys(value).length > 0
}

/** A list or an object on one line; `null`: it holds something that needs more. */
function inlineText(value: unknown, secret: boolean, layout: Layout): string | null {
  const { colours, reveal } = layout
  if (!isBranch(value)) {
    const { shown, secret: why } = reveal
      ? { shown: value, secret: null }
      : maskScalar(value, secret)
    if (why === 'card' || why === 'jwt') return null // those come with a warning
    return coloured(shown, why !== null, colours)
  }
  const parts: string[] = []
  for (const [name, member] of Object.entries(value)) {
    const isList = Array.isArray(value)
    const text = inlineText(member, secret || (!isList && isSecretKey(name)), layout)
    if (text === null) return null
    parts.push(
      isList
        ? text
        : `${formatPath([name]) === name ? name : printable(JSON.stringify(name))}: ${text}`,
    )
  }
  if (!Array.isArray(value)) return `{ ${parts.join(', ')} }`
  return `${colours.dim(`[${value.length}]`)} ${parts.join(', ')}`
}

function scalarText(
  value: unknown,
  secret: boolean,
  room: number,
  layout: Layout,
  told: Told,
): string {
  const { colours, reveal } = layout
  if (reveal) return coloured(value, false, colours, room)
  const { shown, secret: why } = maskScalar(value, secret)
  if (why === null) return coloured(shown, false, colours, room)
  const text = cut(printable(String(shown)), room)
  const parts = [colours.dim(text), colours.yellow(NOTES[why])].filter((part) => part !== '')
  if (!told.hint && widthOf([...parts, HINT].join('  ')) <= room) {
    parts.push(colours.dim(HINT))
    told.hint = true
  }
  return parts.join('  ')
}

/** A value as JSON, coloured by its type, cut to the room there is. */
function coloured(value: unknown, hidden: boolean, colours: Palette, room = Infinity): string {
  if (hidden) return colours.dim(String(value))
  if (typeof value === 'string') {
    const text = printable(JSON.stringify(value))
    if (widthOf(text) <= room) return colours.green(text)
    const length = ` (${countText(value.length)} characters)`
    return colours.green(cut(text, Math.max(8, room - length.length))) + colours.dim(length)
  }
  if (typeof value === 'number') return colours.yellow(String(value))
  if (typeof value === 'boolean') return colours.magenta(String(value))
  if (value === null) return colours.dim('null')
  return Array.isArray(value) ? colours.dim('[]') : colours.dim('{}')
}

/** One line a value, for a program or `grep`: the path, and the value as JSON. Empty lists and objects are values. */
export function flatEntries(
  value: unknown,
  path: Path = [],
): (readonly [path: string, value: unknown])[] {
  if (!isBranch(value)) return [[formatPath(path), value]]
  const members = Object.entries(value)
  return members.flatMap(([name, member]) =>
    flatEntries(member, [...path, Array.isArray(value) ? Number(name) : name]),
  )
}
