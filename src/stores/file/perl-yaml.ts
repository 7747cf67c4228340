import type { JsonObject } from '../../core/data.ts'

/** Words that no reader takes for anything but text: every scalar of YAML.pm is one anyway, except `~`. */
const PLAIN = /^-?\w[\w.,/@+-]*(?::[\w/][\w.,/@+-]*)*(?: \w[\w.,/@+-]*(?::[\w/][\w.,/@+-]*)*)*$/
const PLAIN_KEY = /^[\w/][\w./%*-]*$/

/**
 * What must not stand in double quotes as it is: `\` and `"`, controls, and the marks that YAML.pm takes for
 * its own even there (` | #`, `": `). YAML.pm knows `\xHH` and no `\u`; the rest of Unicode needs no escape.
 */
const ESCAPED = /[^\w .,/@+:;=?!()*$&^\-\u00a0-\u{10ffff}]/gu

/**
 * Writes a flat hash as YAML that YAML.pm 1.30 and YAML 1.2 read alike: a small subset of both.
 * Numbers are written as their digits, true as `1` and false as an empty text, which is what they are in Perl.
 * @param tag the Perl class, such as `!!perl/hash:Dancer::Session::YAML`
 * @param object nested at least one level; its members come in order of their names, as YAML.pm sorts them
 */
export function writePerlYaml(tag: string, object: JsonObject): string {
  const sorted = Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))
  return `--- ${tag}\n${sorted.map((member) => memberLine(member, '')).join('')}`
}

function memberLine([key, value]: [string, unknown], indent: string): string {
  return `${indent}${PLAIN_KEY.test(key) ? key : quoted(key)}:${node(value, indent)}`
}

/** A value with what stands between it and its key or dash. */
function node(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return ` ${scalar(value)}\n`
  const deeper = `${indent}  `
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []\n'
    return `\n${value.map((item) => `${deeper}-${node(item, deeper)}`).join('')}`
  }
  const members = Object.entries(value)
  if (members.length === 0) return ' {}\n'
  return `\n${members.map((member) => memberLine(member, deeper)).join('')}`
}

function scalar(value: unknown): string {
  if (value === null) return '~'
  if (typeof value === 'boolean') return value ? '1' : "''"
  if (typeof value === 'number') return String(value)
  const text = value as string
  if (text === '') return "''"
  return PLAIN.test(text) ? text : quoted(text)
}

function quoted(text: string): string {
  return `"${text.replace(ESCAPED, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`
}
