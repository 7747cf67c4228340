/** Something that happened at one moment between two times, or, when it is optional, perhaps not at all. */
export interface Interval {
  readonly from: number
  readonly until: number
  readonly optional: boolean
  /** It changes nothing, whenever it happens: it only tells what it saw. */
  readonly passive: boolean
}

/** What may be the case at a moment: a state, and which of the open operations have happened, one bit each. */
interface Configuration {
  readonly state: string
  readonly done: number
}

/** As many operations may be open at a time. */
const BITS = 31

/**
 * Looks for an order of operations that explains what each of them saw: one in which every operation happens at a
 * moment between its beginning and its end (Wing and Gong; linearised just in time, after Lowe).
 * @param step the state after an operation, or `null`: it cannot happen in this state
 * @returns the first operation that has no place in any order; `null` when there is an order
 */
export function firstUnexplained<Op extends Interval>(
  operations: readonly Op[],
  initial: string,
  step: (state: string, operation: Op) => string | null,
): Op | null {
  const moments = operations.flatMap((operation) => [
    { at: operation.from, operation, ends: false },
    { at: operation.until, operation, ends: true },
  ])
  moments.sort((a, b) => (a.at === b.at ? Number(a.ends) - Number(b.ends) : a.at - b.at))

  const open = new Map<Op, number>()
  let configurations: Configuration[] = [{ state: initial, done: 0 }]
  for (const { operation, ends } of moments) {
    if (!ends) {
      open.set(operation, freeBit())
      continue
    }
    configurations = withEnd(operation)
    if (configurations.length === 0) return operation
    open.delete(operation)
  }
  return null

  function freeBit(): number {
    const taken = [...open.values()].reduce((bits, bit) => bits | bit, 0)
    for (let at = 0; at < BITS; at++) if ((taken & (1 << at)) === 0) return 1 << at
    throw new RangeError(`More than ${BITS} operations at a time`)
  }

  /** Everything that may be the case after an operation has ended. */
  function withEnd(ended: Op): Configuration[] {
    const kept = new Map<string, Configuration>()
    const seen = new Set<string>()
    const todo = [...configurations]
    const bit = open.get(ended) as number
    for (let found = todo.pop(); found; found = todo.pop()) {
      const { state } = found
      const done = withPassive(found)
      const key = `${state}|${done}`
      if (seen.has(key)) continue
      seen.add(key)
      const isDone = (done & bit) !== 0
      if (isDone || ended.optional)
        kept.set(`${state}|${done & ~bit}`, { state, done: done & ~bit })
      if (isDone) continue
      for (const [operation, its] of open) {
        const after = (done & its) === 0 ? step(state, operation) : null
        if (after !== null) todo.push({ state: after, done: done | its })
      }
    }
    return [...kept.values()]
  }

  /** What fits and changes nothing may as well happen at once. */
  function withPassive({ state, done }: Configuration): number {
    let all = done
    for (const [operation, its] of open) {
      if (operation.passive && (all & its) === 0 && step(state, operation) !== null) all |= its
    }
    return all
  }
}
