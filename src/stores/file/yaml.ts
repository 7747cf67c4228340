import { createRequire } from 'node:module'
import type { CST, Document, DocumentOptions, ParseOptions, SchemaOptions } from 'yaml'
import { copyJson } from '../../core/data.ts'
import { VitrineError } from '../../core/errors.ts'
import type { Codec } from '../../core/store.ts'
import { plainLayout, Unreadable, type Layout } from './layout.ts'

/** The `yaml` package, which an app installs only if it keeps YAML files. */
export type YamlPackage = typeof import('yaml')

/** A YAML file is read no deeper than this. */
const MAX_DEPTH = 512

/**
 * Loads the `yaml` package when it is first needed.
 * @param load where from
 * @throws VitrineError `MISSING_PACKAGE`
 */
export async function loadYaml(
  load: () => Promise<YamlPackage> = () => import('yaml'),
): Promise<YamlPackage> {
  try {
    return await load()
  } catch (cause) {
    throw missing('Cannot open YAML sessions', cause)
  }
}

/**
 * Loads the `yaml` package at once, for a configuration file that is read while the app starts.
 * @param from the module whose packages count
 * @throws VitrineError `MISSING_PACKAGE`
 */
export function requireYaml(from: string = import.meta.url): YamlPackage {
  try {
    return createRequire(from)('yaml') as YamlPackage
  } catch (cause) {
    throw missing('Cannot read a YAML file', cause)
  }
}

function missing(what: string, cause: unknown): VitrineError {
  return new VitrineError('MISSING_PACKAGE', `${what}: install it with npm i yaml`, cause)
}

/** Blanks that only quotes keep: those at an end of a text, and any but a space in a name. */
const ODD_TEXT = /^\s|(?<!\S)\n$|[^\S\n]$/
const ODD_KEY = /[^\S ]/

/**
 * The default layout as YAML 1.2. Any JSON value comes back as it was. Reading knows the core schema alone:
 * no merge keys, no tags, no types beyond JSON's, and a bound on what aliases may expand to. A YAML file that was
 * cut off is mostly YAML as well: what has lost its end has lost its id, and counts as no session.
 */
export function plainYamlLayout(yaml: YamlPackage): Layout {
  const codec: Codec = {
    stringify(value) {
      const document = new yaml.Document(value, { ...DIALECT, aliasDuplicateObjects: false })
      yaml.visit(document, {
        Scalar(place, node) {
          const odd = place === 'key' ? ODD_KEY : ODD_TEXT
          if (typeof node.value === 'string' && odd.test(node.value)) node.type = 'QUOTE_DOUBLE'
        },
      })
      return document.toString({ lineWidth: 0 })
    },

    parse(text) {
      // what a disk puts where a part of a file was lost; the package reads it as text
      if (text.includes('\0')) throw new Unreadable('it holds zero bytes')
      const document = parseYaml(yaml, text, DIALECT, MAX_DEPTH)
      if (!hasJsonKeys(yaml, document)) throw new Unreadable('it does not parse')
      // JSON has no infinity, no cycles; what has is no session
      return copyJson(document.toJS({ maxAliasCount: 100 }), MAX_DEPTH)
    },
  }
  return plainLayout('.yml', codec, true)
}

/** Said in full, so that a `%YAML 1.1` line in a file switches nothing on. */
const DIALECT = {
  version: '1.2',
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  uniqueKeys: false, // it compares each with each; `hasJsonKeys` does not
  prettyErrors: false,
  logLevel: 'error',
} as const

/**
 * Parses one YAML document. What is nested too deep is refused before it is composed: composing recurses, and
 * where the stack ends V8 may find no room to compile a regular expression, which ends the whole process.
 * @throws Unreadable
 */
export function parseYaml(
  yaml: YamlPackage,
  text: string,
  options: ParseOptions & DocumentOptions & SchemaOptions,
  maxDepth: number,
): Document.Parsed {
  const parser = new yaml.Parser()
  const tokens: CST.Token[] = []
  for (const lexeme of new yaml.Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme))
    // the document and what is at the end of a branch are in the stack too
    if (parser.stack.length > maxDepth + 3) throw new Unreadable('it is nested too deep')
  }
  tokens.push(...parser.end())
  const [document, another] = new yaml.Composer(options).compose(tokens, true, text.length)
  if (!document || another || document.errors.length > 0) throw new Unreadable('it does not parse')
  return document
}

/** Whether every member has a name of its own, and one that is no collection. */
function hasJsonKeys(yaml: YamlPackage, document: Document.Parsed): boolean {
  let fine = true
  yaml.visit(document, {
    Map(_, { items }) {
      const names = new Set()
      for (const { key } of items) if (yaml.isScalar<string>(key)) names.add(key.value)
      fine &&= names.size === items.length
    },
  })
  return fine
}
