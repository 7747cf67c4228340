/** What nobody may print, and what kind of thing it is. */
export type Kind = 'id' | 'secret' | 'value'

/** Shorter texts stand in any sentence: to find one again says nothing. */
const SHORTEST = 16

/** So much of a text tells that it is that text: more than the 8 characters of an id that events show. */
const TELLING: Readonly<Record<Kind, number>> = { id: 12, secret: 12, value: 16 }

/** The form of an id as this library makes it, wherever it came from. */
const ID = /(?<![A-Za-z0-9_-])[a-z2-7]{32}(?![A-Za-z0-9_-])/g

/** Every id, secret and session value that was heard of, and where they stand in a text. */
export class Vocabulary {
  /** By their first characters; a map for each length, so that a text is gone through once for each. */
  readonly #known = new Map<number, Map<string, string>>()
  readonly #counts: Record<Kind, number> = { id: 0, secret: 0, value: 0 }

  add(kind: Kind, text: string): void {
    if (text.length < SHORTEST) return
    const length = TELLING[kind]
    const start = text.slice(0, length)
    const known = this.#known.get(length) ?? new Map<string, string>()
    this.#known.set(length, known)
    if (known.has(start) || isDull(start)) return
    known.set(start, `${kind} ${JSON.stringify(text.slice(0, 80))}`)
    this.#counts[kind]++
  }

  /** Every text in a value, its members' names left out: those may be printed. */
  addTexts(kind: Kind, value: unknown, depth = 8): void {
    if (typeof value === 'string') return this.add(kind, value)
    if (typeof value !== 'object' || value === null || depth === 0) return
    for (const { value: member } of Object.values(Object.getOwnPropertyDescriptors(value))) {
      this.addTexts(kind, member, depth - 1)
    }
  }

  /** How many of each kind are known. */
  get counts(): Readonly<Record<Kind, number>> {
    return this.#counts
  }

  /** What of it stands in a text. */
  find(text: string): string[] {
    const found = new Set(Array.from(text.matchAll(ID), ([id]) => `id ${id}`))
    for (const [length, known] of this.#known) {
      for (let at = 0; at + length <= text.length; at++) {
        const hit = known.get(text.slice(at, at + length))
        if (hit !== undefined) found.add(hit)
      }
    }
    return [...found]
  }
}

/** One character over and over is nobody's. */
function isDull(start: string): boolean {
  return new Set(start).size < 4
}

/** A text of that kind that stands nowhere else, and is not taken for a placeholder. */
export function canary(kind: Kind): string {
  return `${kind}-${crypto.randomUUID()}`.replace(/^secret/, 'key').padEnd(40, 'Z')
}
