import { createRequire } from 'node:module'
import { copyJson } from '../../core/data.ts'
import { VitrineError } from '../../core/errors.ts'
import { plainLayout, type Layout } from './layout.ts'

/** The `yaml` package, which an app installs only if it keeps YAML files. */
export type YamlPackage = typeof import('yaml')

/** A YAML file is read no deeper than this. */
const MAX_DEPTH = 512

/**
 * Loads the `yaml` package when it is first needed.
 * @throws VitrineError `MISSING_PACKAGE`
 */
export async function loadYaml(): Promise<YamlPackage> {
  try {
    return await import('yaml')
  } catch (cause) {
    throw missing('Cannot open YAML sessions', cause)
  }
}

/**
 * Loads the `yaml` package at once, for a configuration file that is read while the app starts.
 * @throws VitrineError `MISSING_PACKAGE`
 */
export function requireYaml(): YamlPackage {
  try {
    return createRequire(import.meta.url)('yaml') as YamlPackage
  } catch (cause) {
    throw missing('Cannot read a YAML file', cause)
  }
}

function missing(what: string, cause: unknown): VitrineError {
  return new VitrineError('MISSING_PACKAGE', `${what}: install it with npm i yaml`, cause)
}

/** Texts whose blanks only quotes keep: at an end, where a file is trimmed, and in a name. */
const ODD_TEXT = /^\s|(?<!\S)\n$|[^\S\n]$/
const ODD_KEY = /[^\S ]/

/**
 * The default layout as YAML 1.2. Any JSON value comes back as it was. Reading knows the core schema alone:
 * no merge keys, no tags, no types beyond JSON's, and a bound on what aliases may expand to.
 */
export function plainYamlLayout(yaml: YamlPackage): Layout {
  return plainLayout('.yml', {
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
      const document = yaml.parseDocument(text, DIALECT)
      if (document.errors.length > 0) throw new SyntaxError('it is not YAML 1.2')
      // JSON has no infinity, no cycles; what has is no session
      return copyJson(document.toJS({ maxAliasCount: 100 }), MAX_DEPTH)
    },
  })
}

/** Said in full, so that a `%YAML 1.1` line in a file switches nothing on. */
const DIALECT = {
  version: '1.2',
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  prettyErrors: false,
  logLevel: 'error',
} as const
