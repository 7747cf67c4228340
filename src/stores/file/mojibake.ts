import { isPlainObject, put, type JsonObject } from '../../core/data.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Undoes what Dancer::Session::JSON does to text at each reading and writing: it writes UTF-8 and reads the
 * octets back as characters, so that every round encodes once more. Text that only looks like mojibake
 * (`Â£5`, typed on purpose) is taken for it.
 */
export function repairText(text: string): string {
  let repaired = text
  while (/[\u0080-\u00ff]/.test(repaired) && !/[\u0100-\uffff]/.test(repaired)) {
    try {
      repaired = UTF8.decode(Buffer.from(repaired, 'latin1'))
    } catch {
      break
    }
  }
  return repaired
}

/** Repairs every text in a JSON value, names of members too. */
export function repair(value: unknown): unknown {
  if (typeof value === 'string') return repairText(value)
  if (Array.isArray(value)) return value.map(repair)
  return isPlainObject(value) ? repairObject(value) : value
}

function repairObject(object: JsonObject): JsonObject {
  const repaired: JsonObject = {}
  const from = new Map<string, string>()
  for (const key of Object.keys(object)) {
    const name = repairText(key)
    const other = from.get(name)
    // an app that sets a mangled member again leaves both: the newer one went through fewer rounds
    if (other !== undefined && other.length < key.length) continue
    from.set(name, key)
    put(repaired, name, repair(object[key]))
  }
  return repaired
}
