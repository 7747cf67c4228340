import { memoryDisk, type Disk, type Effect } from './disk.ts'
import { record, type CrashLog, type Step } from './crash-log.ts'
import { tried } from './interleave.ts'
import { stopBefore } from './process.ts'
import { idOf, newDisk, startApp, type App, type Setting } from './world.ts'

/** What is done to sessions, to be cut off by a crash. */
export interface Plot {
  readonly name: string
  /** What was done before, and is on the disk for certain. */
  before?(app: App): Promise<unknown>
  steps(setting: Setting): Step[]
}

const ID = idOf(1)
const MINUTES = 60_000
/** Longer than a sector of the disk. */
const PAD = 'x'.repeat(600)

/** A call of a process of its own. */
function call(
  setting: Setting,
  name: string,
  work: (app: App) => Promise<unknown>,
  later = 0,
  first = 1,
): Step {
  return { name, run: (disk) => work(startApp(disk.io, setting, first, later)) }
}

async function one({ engine }: App) {
  const session = await engine.retrieve(ID)
  if (!session) throw new Error('there is no session')
  return session
}

async function change(app: App, key: string, value: unknown): Promise<void> {
  const session = await one(app)
  session.data[key] = value
  await app.engine.flush(session)
}

const create = ({ engine }: App) => engine.create({ user: 'ada', pad: PAD })

async function expired({ store }: App): Promise<void> {
  for (const nth of [2, 3]) {
    await store.write(
      idOf(nth),
      { data: { n: nth }, createdAt: 1, expiresAt: 2, revision: 1 },
      null,
    )
  }
}

export const PLOTS: readonly Plot[] = [
  {
    name: 'create, update, touch',
    steps: (setting) => [
      call(setting, 'create', create),
      call(setting, 'update', (app) => change(app, 'user', 'bob')),
      call(setting, 'touch', async (app) => app.engine.flush(await one(app)), 10 * MINUTES),
    ],
  },
  {
    name: 'update, destroy',
    before: create,
    steps: (setting) => [
      call(setting, 'update', (app) => change(app, 'user', 'bob')),
      call(setting, 'destroy', async (app) => app.engine.destroy(await one(app))),
    ],
  },
  {
    name: 'renew, update',
    before: create,
    steps: (setting) => [
      {
        ...call(setting, 'renew', renew, 0, 2),
        isSound: (found) => Object.values(found).some((text) => !text.includes('"retired"')),
      },
    ],
  },
  {
    name: 'merge',
    before: create,
    steps: (setting) => {
      let app: App
      let session: Awaited<ReturnType<typeof one>>
      return [
        {
          name: 'load',
          run: async (disk) => {
            app = startApp(disk.io, setting)
            session = await one(app)
          },
        },
        call(setting, 'update of another', (other) => change(other, 'theirs', 1)),
        {
          name: 'merge',
          run: () => {
            session.data['mine'] = 1
            return app.engine.flush(session)
          },
        },
      ]
    },
  },
  {
    name: 'reap',
    before: async (app) => {
      await create(app)
      await expired(app)
    },
    steps: (setting) => [call(setting, 'reap', ({ store }) => store.reap(1000))],
  },
  {
    name: 'reset, create',
    before: async (app) => {
      await create(app)
      await expired(app)
    },
    steps: (setting) => [
      call(setting, 'reset', ({ engine }) => engine.reset()),
      call(setting, 'create', ({ engine }) => engine.create({ user: 'eve' }), 0, 4),
    ],
  },
]

async function renew(app: App): Promise<void> {
  const session = await one(app)
  session.renew()
  session.data['user'] = 'root'
  await app.engine.flush(session)
}

/** Two processes: one stops before its nth operation, another does all of its work, and the first goes on, or not. */
export function meeting(mine: Work, theirs: Work, nth: number, goesOn: boolean): Plot {
  return {
    name: `${mine} stopped before ${nth}, ${theirs}`,
    before: create,
    steps: (setting) => {
      let resume: () => Promise<unknown>
      const stopped: Step = {
        name: `${mine}, stopped before operation ${nth}`,
        cutOff: true,
        run: async (disk) => {
          const place = { nth, of: 'operations' } as const
          ;({ resume } = await stopBefore(place, disk, setting, 1, WORKS[mine]))
        },
      }
      const other: Step = {
        ...call(setting, `${theirs} of another`, (app) => tried(WORKS[theirs](app)), 0, 300),
        // that the session is gone already is not acknowledged to anybody yet
        ...(isEnd(mine) && theirs !== 'delete' && { cutOff: true }),
      }
      const rest: Step = { name: `${mine}, resumed`, run: () => tried(resume()) }
      return goesOn ? [stopped, other, rest] : [stopped, other]
    },
  }
}

function isEnd(work: Work): boolean {
  return work === 'destroy' || work === 'delete'
}

export type Work = 'update' | 'change' | 'destroy' | 'delete'

const WORKS: Readonly<Record<Work, (app: App) => Promise<unknown>>> = {
  update: (app: App) => change(app, 'mine', 1),
  change: (app: App) => change(app, 'theirs', 2),
  destroy: async (app: App) => app.engine.destroy(await one(app)),
  delete: ({ store }: App) => store.delete(ID),
}

/** Plays a plot and writes down what it does to the disk. */
export async function recorded(plot: Plot, setting: Setting): Promise<CrashLog> {
  const effects: Effect[] = []
  const ground = newDisk()
  if (plot.before) await plot.before(startApp(ground.io, setting))
  const disk: Disk = memoryDisk({ root: ground.root, observe: (effect) => effects.push(effect) })
  return record(setting, disk, effects, plot.steps(setting))
}
