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
