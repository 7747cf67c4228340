import { flatten, unflatten } from './dancer-record.ts'
import type { Layout } from './layout.ts'
import { readPerlJson, writePerlJson } from './perl-json.ts'

/**
 * The ids that Dancer's JSON engine takes, without those that are no safe file name: a leading dash or tilde
 * means something to a shell, and a device name to Windows.
 */
const ID = /^(?!(?:con|prn|aux|nul|com\d|lpt\d)$)[a-z0-9_][a-z0-9_~-]{0,127}$/i

/**
 * Session files that Dancer::Session::JSON reads and writes too: one flat hash with the id in it. Reading
 * survives what that engine leaves behind; `-0` and floating digits beyond the 15th do not survive Perl.
 */
export const dancerJsonLayout: Layout = {
  extension: '.json',
  accepts: (id) => typeof id === 'string' && ID.test(id),
  encode: (id, record) => `${writePerlJson(flatten(id, record))}\n`,
  decode: (id, bytes, modifiedAt) => unflatten(id, readPerlJson(bytes), modifiedAt),
}
