import { formatPath } from './data.ts'

/** The data after the response has left: still readable, but a change says that it comes too late. */
export function guard<T extends object>(value: T, late: (path: string) => void, path: string[]): T {
  const refuse = (key: PropertyKey): true => {
    late(formatPath([...path, String(key)]))
    return true
  }
  return new Proxy(value, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver)
      if (typeof member !== 'object' || member === null) return member
      return guard(member, late, [...path, String(key)])
    },
    set: (_, key) => refuse(key),
    deleteProperty: (_, key) => refuse(key),
    defineProperty: (_, key) => refuse(key),
  })
}
