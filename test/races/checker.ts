import type { Operation, Seen } from './history.ts'
import { firstUnexplained } from './linearizable.ts'

/** One login: a session under the ids that its renewals gave it, and everything that was done to it. */
interface Login {
  readonly created: Operation
  readonly operations: Operation[]
}

/**
 * Finds what is wrong with a history. Each login is a register for each key, a counter and a set:
 *
 * - every read of a key, and every answer that the session is there or not there, must fit one order of what was
 *   done, in which an operation happens between its beginning and its end; nothing comes back after its end;
 * - a counter shows every update that was acknowledged before the read, none that failed, and never falls;
 * - so does the set.
 *
 * What was wiped (the directory was removed, or reset) is gone like what was destroyed.
 * @returns one text for each fault
 */
export function faultsIn(history: readonly Operation[]): string[] {
  const sorted = [...history].sort((a, b) => a.from - b.from)
  const { logins, strays } = loginsOf(sorted)
  return [
    ...strays.map((stray) => `a session that nobody created: ${show(stray)}`),
    ...logins.flatMap((login) => [
      ...faultInOrder(login, null),
      ...keysOf(login).flatMap((key) => faultInOrder(login, key)),
      ...faultsInCount(login),
      ...faultsInSet(login),
    ]),
  ]
}

function loginsOf(history: readonly Operation[]): { logins: Login[]; strays: Operation[] } {
  const byId = new Map<string, Login>()
  const strays: Operation[] = []
  const wipes = history.filter(({ what }) => what === 'wipe')
  for (const operation of history) {
    const { what, id = '', next, outcome } = operation
    if (what === 'create') byId.set(id, { created: operation, operations: [operation] })
    else if (what !== 'wipe' && what !== 'reap') {
      const login = byId.get(id)
      if (!login) strays.push(operation)
      else {
        login.operations.push(operation)
        if (next !== undefined && outcome !== 'fail') byId.set(next, login)
      }
    }
  }
  const logins = [...new Set(byId.values())]
  for (const { created, operations } of logins) {
    const last = Math.max(...operations.map(({ from }) => from))
    operations.push(...wipes.filter(({ from, until }) => until >= created.from && from <= last))
  }
  return { logins, strays }
}

function keysOf({ operations }: Login): string[] {
  const keys = new Set<string>()
  for (const { key, seen } of operations) {
    if (key !== undefined) keys.add(key)
    for (const name of Object.keys(seen?.keys ?? {})) keys.add(name)
  }
  return [...keys]
}

/** Before a login is created, and after it has ended, no id leads to it. */
const UNBORN = '-'
const GONE = '+'

/** @param key whose values must fit; `null`: only whether the session is there */
function faultInOrder({ operations }: Login, key: string | null): string[] {
  const counted = operations
    .filter((operation) => matters(operation, key))
    .map((operation) => ({
      ...operation,
      optional: operation.outcome === 'info',
      passive: isPassive(operation, key),
    }))
    .filter(({ optional, passive }) => !(optional && passive))
  const misfit = firstUnexplained(counted, `${UNBORN} `, (state, operation) =>
    step(state, operation, key),
  )
  if (!misfit) return []
  const near = counted.filter(({ from, until }) => until >= misfit.from && from <= misfit.until)
  const before = counted.filter(({ until }) => until < misfit.from).slice(-8)
  return [
    `${key === null ? 'whether a session is there' : `the key ${key}`} has no explanation for ${show(misfit)}; ` +
      `before it:\n${before.map(show).join('\n')}\nbeside it:\n${near.map(show).join('\n')}`,
  ]
}

function matters({ what, outcome, key }: Operation, wanted: string | null): boolean {
  if (what === 'touch') return false // it says nothing about the session
  if (wanted === null || what === 'create' || what === 'wipe') return true
  if (outcome === 'fail') return false
  return what === 'read' || what === 'renew' || what === 'destroy' || key === wanted
}

function isPassive({ what, outcome }: Operation, key: string | null): boolean {
  if (what === 'create' || what === 'wipe') return false
  if (outcome === 'fail' || what === 'read') return true
  return key === null && what !== 'renew' && what !== 'destroy'
}

/** The model: under which id the login is, and the value of one key. */
function step(state: string, operation: Operation, key: string | null): string | null {
  const { what, id = '', value = '', next = '', outcome, seen } = operation
  const [at = '', held = ''] = state.split(' ')
  if (what === 'create') return at === UNBORN ? `${id} ` : null
  if (what === 'wipe') return at === UNBORN ? state : `${GONE} ${held}`
  const isThere = at === id
  if (outcome === 'fail') return isThere ? null : state
  if (what === 'destroy') return isThere ? `${GONE} ${held}` : state // it may have ended already
  if (!isThere) return null
  if (what === 'renew') return `${next} ${held}`
  if (key === null) return state
  if (what === 'read') return (seen?.keys[key] ?? '') === held ? state : null
  return `${at} ${what === 'set' ? value : ''}`
}

type Read = Operation & { readonly seen: Seen }

function readsOf({ operations }: Login): Read[] {
  return operations.filter((operation): operation is Read => operation.seen !== undefined)
}

function faultsInCount(login: Login): string[] {
  const counts = login.operations.filter(
    ({ what, outcome }) => what === 'count' && outcome !== 'fail',
  )
  const faults: string[] = []
  const reads = readsOf(login)
  for (const read of reads) {
    const least = counts.filter(({ outcome, until }) => outcome === 'ok' && until < read.from)
    const most = counts.filter(({ from }) => from < read.until)
    const { count } = read.seen
    if (count < least.length || count > most.length) {
      faults.push(
        `a count of ${count} where ${least.length} to ${most.length} is right: ${show(read)}`,
      )
    }
    const later = reads.find(({ from, seen }) => from > read.until && seen.count < count)
    if (later) faults.push(`a count that fell from ${count}: ${show(later)}`)
  }
  return faults
}

function faultsInSet(login: Login): string[] {
  const added = login.operations.filter(({ what }) => what === 'add')
  const byValue = new Map(added.map((operation) => [operation.value as string, operation]))
  return readsOf(login).flatMap((read) => {
    const shown = new Set(read.seen.added)
    const missing = added.filter(
      ({ outcome, until, value }) =>
        outcome === 'ok' && until < read.from && !shown.has(value as string),
    )
    const invented = read.seen.added.filter((value) => {
      const source = byValue.get(value)
      return !source || source.outcome === 'fail' || source.from > read.until
    })
    return [
      ...missing.map((lost) => `${show(lost)} is missing in ${show(read)}`),
      ...invented.map((value) => `${value} was added by nobody in ${show(read)}`),
      ...(shown.size < read.seen.added.length
        ? [`something was added twice in ${show(read)}`]
        : []),
    ]
  })
}

function show({
  process,
  what,
  outcome,
  id,
  key,
  value,
  next,
  seen,
  from,
  until,
}: Operation): string {
  const ids = [id, next].filter((one) => one !== undefined).map((one) => one.slice(0, 8))
  const saw = seen && `saw ${JSON.stringify({ ...seen.keys, count: seen.count })}`
  const words = [process, what, key, value, outcome, saw].filter((word) => word !== undefined)
  return `${words.join(' ')} of ${ids.join(' > ')} at ${(from / 1e6).toFixed(3)}..${(until / 1e6).toFixed(3)}`
}
