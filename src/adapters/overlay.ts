/**
 * Lays members over an object's own.
 * @returns takes them off again
 */
export function layOver(target: object, members: Readonly<Record<string, unknown>>): () => void {
  const names = Object.keys(members)
  const before = names.map((name) => Object.getOwnPropertyDescriptor(target, name))
  for (const name of names) define(target, name, members[name])
  return () => {
    for (let at = names.length - 1; at >= 0; at--) {
      const own = before[at]
      if (own) Object.defineProperty(target, names[at] as string, own)
      else Reflect.deleteProperty(target, names[at] as string)
    }
  }
}

/** Sets an own member, also where what is inherited has no setter. */
export function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  })
}
