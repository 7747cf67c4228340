import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEngine, type SessionEvent, type Store } from '../../src/index.ts'
import { DIALECTS, ID, NOW, type Case, type Dialect, type Fate } from './dialects.ts'
import { BAD_TIMES, badTimes, oddTimes, wrongMembers } from './file-members.ts'
import { hostileTexts } from './file-texts.ts'
import { hastyIo, newWorld, prototypes, type World } from './world.ts'

let world: World
let untouched: string
beforeEach(() => {
  world = newWorld()
  untouched = prototypes()
})
afterEach(() => {
  world.remove()
  expect(prototypes()).toBe(untouched)
  expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
})

/** An engine over the session directory, with what it tells. */
function opened(dialect: Dialect) {
  const events: SessionEvent[] = []
  const store = dialect.open({ dir: world.dir, io: hastyIo() })
  const engine = createEngine({ store, now: () => NOW, report: (event) => events.push(event) })
  return { store, engine, events }
}

type Opened = ReturnType<typeof opened>

const quarantine = () => path.join(world.dir, '.vitrine', 'quarantine')

function setAside(): string[] {
  return fs.readdirSync(quarantine()).filter((name) => !name.endsWith('.reason'))
}

/** What became of the file, and whether all that belongs to it happened. */
async function fateOf(file: string, { engine, events }: Opened): Promise<Fate> {
  const kept = setAside()
  events.length = 0
  const session = await engine.retrieve(ID)
  const corrupt = events.filter(({ type }) => type === 'corrupt')
  if (session) {
    expect(corrupt).toEqual([])
    JSON.stringify(session.data)
    return 'session'
  }
  if (corrupt.length === 0) {
    expect(fs.lstatSync(file)).toBeDefined()
    return 'left'
  }
  expect(fs.lstatSync(file, { throwIfNoEntry: false })).toBeUndefined()
  const [moved, ...more] = setAside().filter((name) => !kept.includes(name))
  expect(more).toEqual([])
  const reason = fs.readFileSync(path.join(quarantine(), `${moved}.reason`), 'utf8')
  expect(corrupt).toEqual([
    expect.objectContaining({ reason: reason.trim(), session: ID.slice(0, 8) }),
  ])
  expect(JSON.stringify(corrupt)).not.toContain(ID)
  // it happens once: the next request finds nothing, and nothing to complain about
  expect(await engine.retrieve(ID)).toBeNull()
  expect(events.filter(({ type }) => type === 'corrupt')).toHaveLength(1)
  return 'aside'
}

/** Lays each file where the session would be, and asks for the session. @returns those that ended otherwise */
async function surprises(dialect: Dialect, cases: readonly Case[]): Promise<string[]> {
  const found: string[] = []
  const now = opened(dialect)
  await now.engine.init()
  const file = path.join(world.dir, dialect.file)
  for (const { name, content, fate } of cases) {
    fs.writeFileSync(file, content)
    fs.utimesSync(file, NOW / 1000, NOW / 1000) // a file without times of its own has those of the file system
    const actual = await fateOf(file, now)
    if (actual !== fate) found.push(`${name}: ${actual}, not ${fate}`)
    if (actual === 'aside') {
      const kept = fs.readFileSync(path.join(quarantine(), setAside()[0] as string))
      expect(kept.equals(Buffer.from(content))).toBe(true)
    }
    fs.rmSync(quarantine(), { recursive: true })
    fs.mkdirSync(quarantine())
    fs.rmSync(file, { force: true })
  }
  return found
}

describe.each(DIALECTS)('hostile files in $name', (dialect) => {
  it('are more than 200, each with a fate of its own', () => {
    expect(hostileTexts(dialect).length + wrongMembers(dialect).length).toBeGreaterThan(200)
    expect(BAD_TIMES.length).toBeGreaterThan(60)
  })

  it('end as they must: foreign content, other encodings, garbage, traps', async () => {
    expect(await surprises(dialect, hostileTexts(dialect))).toEqual([])
  })

  it('end as they must: wrong types', async () => {
    expect(await surprises(dialect, wrongMembers(dialect))).toEqual([])
  })

  it('end as they must: times that are none', async () => {
    expect(await surprises(dialect, [...badTimes(dialect), ...oddTimes(dialect)])).toEqual([])
  })
})

describe('a store that hands out anything for a time', () => {
  const later = NOW + 3_600_000
  const wrong: readonly unknown[] = [
    ...[
      String(later),
      `${later}`,
      [later],
      [],
      {},
      null,
      undefined,
      true,
      false,
      '',
      'never',
      'Infinity',
    ],
    ...[
      NaN,
      new Date(later),
      BigInt(later),
      { valueOf: () => later },
      new Number(later),
      Symbol('time'),
    ],
  ]

  it.each(['createdAt', 'expiresAt', 'idle', 'lifetime'])(
    'has no session where %s is no number',
    async (name) => {
      for (const value of wrong) {
        if ((value ?? null) === null && (name === 'idle' || name === 'lifetime')) continue
        const good = { data: { user: 'ada' }, createdAt: NOW - 1000, expiresAt: later, revision: 1 }
        const stored = (record: object) =>
          ({ read: async () => ({ record, version: '1' }) }) as unknown as Store
        const ask = (record: object) =>
          createEngine({ store: stored(record), now: () => NOW }).retrieve(ID)
        expect(await ask(good)).not.toBeNull()
        expect(await ask({ ...good, [name]: value })).toBeNull()
      }
    },
  )
})
