import { isPlainObject } from '../../core/data.ts'
import { flatten, OUR_KEY, unflatten } from './dancer-record.ts'
import { Unreadable, type Layout } from './layout.ts'
import { writePerlYaml } from './perl-yaml.ts'
import { readPerlYaml } from './perl-yaml-reader.ts'
import { restoreTypes, typesOf } from './scalar-types.ts'
import type { YamlPackage } from './yaml.ts'

const TAG = '!!perl/hash:Dancer::Session::YAML'
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** The ids whose files Dancer::Session::YAML finds; and the text `0` is false to it. */
export function acceptsDancerYamlId(id: string): boolean {
  return typeof id === 'string' && /^\d{1,128}$/.test(id) && id !== '0'
}

/**
 * Session files that Dancer::Session::YAML reads and writes too. To Perl every scalar is a text, so the types of
 * numbers and booleans stand under our own key, which Perl keeps; they apply while the text still fits.
 */
export function dancerYamlLayout(yaml: YamlPackage): Layout {
  return {
    extension: '.yml',
    accepts: acceptsDancerYamlId,

    encode(id, record) {
      const { data, flash } = record
      const { [OUR_KEY]: facts, ...flat } = flatten(id, record)
      const types = typesOf({ ...data, ...(flash && { [OUR_KEY]: { flash } }) })
      const ours = Object.keys(types).length === 0 ? facts : { ...facts, types }
      return writePerlYaml(TAG, { ...flat, [OUR_KEY]: ours })
    },

    decode(id, bytes, modifiedAt) {
      if (bytes.length === 0) throw new Unreadable('the file is empty')
      const flat = readPerlYaml(yaml, textOf(bytes))
      if (!isPlainObject(flat)) throw new Unreadable('it is not an object')
      const ours = flat[OUR_KEY]
      if (isPlainObject(ours) && isPlainObject(ours['types'])) restoreTypes(flat, ours['types'])
      return unflatten(id, flat, modifiedAt)
    },
  }
}

function textOf(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    throw new Unreadable('it is not UTF-8 text')
  }
}
