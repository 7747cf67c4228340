import type { Node, Pair, Scalar, YAMLMap } from 'yaml'
import { put, type JsonObject } from '../../core/data.ts'
import { isTrueInPerl, MAX_DEPTH } from './dancer-record.ts'
import { Unreadable } from './layout.ts'
import { parseYaml, type YamlPackage } from './yaml.ts'

/** How many values the aliases of one file may repeat. */
const MAX_REPEATED = 10_000

const DIALECT = {
  version: '1.2',
  schema: 'failsafe',
  merge: false,
  resolveKnownTags: false,
  uniqueKeys: false,
  prettyErrors: false,
} as const

const TAG = /perl\/(\w+)(?::(.*))?$/

/**
 * Reads YAML as YAML.pm does: every scalar is a text, `~` is null, of two members of one name the first counts.
 * Perl's tags are never obeyed: a blessed hash is its members, a reference what it points to, a boolean object
 * a boolean; code, regular expressions, globs and cycles are null.
 * @throws Unreadable
 */
export function readPerlYaml(yaml: YamlPackage, text: string): unknown {
  return valuesOf(yaml, parseYaml(yaml, text, DIALECT, MAX_DEPTH).contents)
}

function valuesOf(yaml: YamlPackage, root: unknown): unknown {
  const anchors = new Map<string, Node>()
  const open = new Set<unknown>()
  let aliases = 0
  let repeated = 0

  function valueOf(node: unknown): unknown {
    if (aliases > 0 && ++repeated > MAX_REPEATED) throw new Unreadable('its aliases expand too far')
    if (yaml.isAlias(node)) return aliased(anchors.get(node.source))
    if (!yaml.isNode(node)) return null
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
    const [, kind, className] = TAG.exec(node.tag ?? '') ?? []
    if (kind === 'code' || kind === 'regexp' || kind === 'glob') return null
    if (yaml.isScalar(node)) {
      const value = scalarOf(node)
      return className?.endsWith('::Boolean') ? isTrueInPerl(value) : value
    }

    if (open.size >= MAX_DEPTH) throw new Unreadable('it is nested too deep')
    open.add(node)
    const value = yaml.isSeq(node) ? node.items.map(valueOf) : objectOf((node as YAMLMap).items)
    open.delete(node)
    return kind === 'ref' ? ((value as JsonObject)['='] ?? null) : value
  }

  function aliased(target: Node | undefined): unknown {
    if (target === undefined) throw new Unreadable('an alias points nowhere')
    if (open.has(target)) return null
    aliases++
    const value = valueOf(target)
    aliases--
    return value
  }

  function objectOf(pairs: readonly Pair[]): JsonObject {
    const object: JsonObject = {}
    for (const { key, value } of pairs) {
      if (!yaml.isScalar(key)) throw new Unreadable('the name of a member is not a text')
      const name = scalarOf(key) ?? ''
      const member = valueOf(value)
      if (!Object.hasOwn(object, name)) put(object, name, member)
    }
    return object
  }

  return valueOf(root)
}

function scalarOf(node: Scalar): string | null {
  const text = node.value as string // in the failsafe schema it always is
  return text === '~' && node.type === 'PLAIN' ? null : text
}
