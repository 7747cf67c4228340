import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { jsonStore } from '../../src/index.ts'

/** What processes noted of their deeds, and whether the disk agrees. `diarist.mjs` writes, this reads. */

/** One line: before a deed without, after it with the time it was acknowledged at, in ns. */
interface Entry {
  readonly what: 'create' | 'update' | 'renew' | 'destroy' | 'count' | 'failed'
  readonly id: string
  readonly from?: string
  readonly n: number
  readonly at?: number
  readonly error?: string
}

export interface Diarist {
  readonly child: ChildProcessByStdio<Writable, Readable, null>
  /** Lets it begin. Settles when it has noted so many lines, or has ended before. */
  go(lines: number): Promise<void>
  /** What it noted, once it has ended. */
  readonly diary: Promise<readonly Entry[]>
}

export interface DiaristOptions {
  readonly dist: string
  readonly dir: string
  readonly seed: number
  readonly durability: 'crash' | 'power'
  /** A session that all of them count in. */
  readonly shared?: string
}

export function diarist(options: DiaristOptions): Diarist {
  const { dist, dir, seed, durability, shared = '' } = options
  const program = path.join(import.meta.dirname, 'diarist.mjs')
  const child = spawn(process.execPath, [program, dist, dir, String(seed), durability, shared], {
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.on('error', () => undefined) // it was killed before it began
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more))
  const ended = once(child, 'close')
  return {
    child,
    async go(lines) {
      child.stdin.write('go\n')
      while (
        child.exitCode === null &&
        child.signalCode === null &&
        text.split('\n').length <= lines
      ) {
        await Promise.race([once(child.stdout, 'data'), ended])
      }
    },
    diary: ended.then(() => entriesOf(text)),
  }
}

/** The last line may be half a line. */
function entriesOf(lines: string): Entry[] {
  return lines
    .slice(0, lines.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry)
}

/** What may lie under an id: the number in the data, or what became of the session. */
type State = number | 'gone' | 'retired' | 'torn'

export interface Verdict {
  readonly acknowledged: number
  /** Acknowledged deeds that the disk knows nothing of, in words. */
  readonly lost: readonly string[]
  /** How many sessions were answered with a content that nobody stored. */
  readonly torn: number
}

/**
 * Compares the diaries with what a store answers now.
 * @param cut acknowledgements after this moment do not count, in ns; what was under way may be there or not
 */
export async function judge(
  diaries: readonly (readonly Entry[])[],
  dir: string,
  cut = Infinity,
): Promise<Verdict> {
  const entries = diaries.flat()
  const expected = expectedOf(entries, cut)
  const counts = entries.filter(({ what }) => what === 'count')
  const counted = counts.filter(({ at }) => at !== undefined && at < cut).length
  const begun = counts.filter(({ at }) => at === undefined).length
  const store = jsonStore(dir)
  const found = new Map<string, State>()
  for await (const id of store.ids!()) found.set(id, await stateOf(id))

  const lost: string[] = []
  const present = new Set(found.values())
  for (const [id, states] of expected) {
    const state = found.get(id) ?? 'gone'
    const numbers = [...states].filter((one) => typeof one === 'number')
    if (!states.has(state)) lost.push(`${[...states].join(' or ')} is ${state}`)
    else if (
      state === 'retired' &&
      numbers.length > 0 &&
      !numbers.some((one) => present.has(one)) &&
      !hasLivingHeir(id)
    ) {
      lost.push(`${[...states].join(' or ')} has no heir`)
    }
  }
  const total = counts[0] ? found.get(counts[0].id) : 0
  if (typeof total !== 'number' || total < counted || total > begun) {
    lost.push(`counted ${counted} of ${begun}: ${total}`)
  }
  return {
    acknowledged: entries.filter(({ at = Infinity }) => at < cut).length,
    lost,
    torn: [...found.values()].filter((state) => state === 'torn').length,
  }

  /**
   * What was acknowledged between the moment that counts and the cut may be there, and changed since: then it lives, or
   * somebody set about to destroy it.
   */
  function hasLivingHeir(id: string): boolean {
    return entries.some(
      ({ what, from, id: heir }) =>
        what === 'renew' &&
        from === id &&
        ((found.get(heir) ?? 'gone') !== 'gone' ||
          entries.some((entry) => entry.what === 'destroy' && entry.id === heir)),
    )
  }

  async function stateOf(id: string): Promise<State> {
    const stored = await store.read(id)
    if (!stored) return 'gone'
    if (stored.record.retired) return 'retired'
    const { n, filler } = stored.record.data as { n: number; filler?: string }
    return filler === undefined || filler === 'x'.repeat(n % 5000) ? n : 'torn'
  }
}

/** The states that each session may be in: one where the last deed was acknowledged, else more. */
function expectedOf(entries: readonly Entry[], cut: number): Map<string, Set<State>> {
  const expected = new Map<string, Set<State>>()
  const must = (id: string, ...states: State[]) => void expected.set(id, new Set(states))
  for (const { what, id, from = id, n, at } of entries) {
    const outcome = { create: n, update: n, renew: 'retired', destroy: 'gone' } as const
    if (what === 'count' || what === 'failed') continue
    const isNew = what === 'create' || what === 'renew'
    const isCertain = at !== undefined && at < cut
    if (what !== 'create' && isCertain) must(from, outcome[what])
    else if (what !== 'create') expected.get(from)?.add(outcome[what])
    if (isNew && at !== undefined) must(id, n, ...(isCertain ? [] : (['gone'] as const)))
  }
  return expected
}
