import { beforeEach, describe, it } from 'vitest'
import type { SessionEvent } from '../../src/core/events.ts'
import type { Sealer, Store } from '../../src/core/store.ts'
import type { Options } from '../../src/sessions/options.ts'
import { ENGINES, type Engine, type Need } from './engines.ts'
import type { Framework } from './frameworks.ts'
import type { App, Setup, Watched } from './kit.ts'
import { answers } from './matrix/answers.ts'
import { connections } from './matrix/connections.ts'
import { cookies } from './matrix/cookies.ts'
import { ends } from './matrix/ends.ts'
import { failures } from './matrix/failures.ts'
import { headers } from './matrix/headers.ts'
import { storing } from './matrix/storing.ts'
import { tickets } from './matrix/tickets.ts'
import { together } from './matrix/together.ts'

/** One framework with one engine: where a behaviour is tried. */
export interface Cell {
  readonly engine: Engine
  /** What this behaviour's store did, and what it shall do. */
  readonly watched: Watched
  /** What was reported. */
  readonly events: readonly SessionEvent[]
  /** Starts an app with this behaviour's store; answers its origin. */
  start(app: App, options?: Options, setup?: Setup): Promise<string>
  /** A behaviour. Skipped, with the reason, where the framework or the engine has no way to what it needs. */
  it(name: string, test: () => Promise<void>, ...needs: readonly Need[]): void
}

/** All that there is to behave about. */
const TOPICS: Readonly<Record<string, (cell: Cell) => void>> = {
  storing,
  tickets,
  'the end of a session': ends,
  'many requests at once': together,
  failures,
  'the cookie': cookies,
  'the headers': headers,
  answers,
  connections,
}

/** What every adapter does with every engine, the same everywhere. */
export function matrix(framework: Framework): void {
  for (const engine of ENGINES) {
    describe(`${framework.name} with ${engine.name}:`, () => {
      const cell = cellOf(framework, engine)
      for (const [topic, behaviours] of Object.entries(TOPICS)) {
        describe(topic, () => {
          behaviours(cell)
        })
      }
    })
  }
}

function cellOf({ serve, cannot }: Framework, engine: Engine): Cell {
  let watched: Watched & { readonly store: Store | Sealer }
  let events: SessionEvent[]

  beforeEach(async () => {
    watched = await engine.watch()
    events = []
  })

  return {
    engine,
    get watched() {
      return watched
    },
    get events() {
      return events
    },
    start: (app, options, setup) =>
      serve(
        { store: watched.store, report: (event) => events.push(event), ...options },
        app,
        setup,
      ),
    it(name, test, ...needs) {
      const missing = needs.map((need) => cannot[need] ?? engine.cannot[need]).find(Boolean)
      it(name, missing === undefined ? test : (context) => context.skip(missing))
    },
  }
}
