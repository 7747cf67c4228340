import type { Session } from '../../src/index.ts'
import type { Disk } from './disk.ts'
import { fileOf, idOf, type App, type Setting } from './world.ts'

/** Something that is done to sessions while the disk fails. */
export interface Scene {
  readonly name: string
  /** Sets the stage, with a disk that works. */
  before(app: App, disk: Disk, setting: Setting): Promise<unknown>
  /**
   * The act, step by step: before each step but the first, others do theirs.
   * @param others is called for what another process does meanwhile, with a disk that works
   */
  act(app: App, others: (work: (app: App) => Promise<unknown>) => Promise<void>): Promise<unknown>
  /** How long after the start the act takes place, in ms. */
  readonly later?: number
  /**
   * Looks at the disk after each fault, beyond the state of each session.
   * @param lies whether the disk denied what was there
   */
  isSound?(disk: Disk, view: Readonly<Record<string, string>>, lies: boolean): boolean
}

const ONE = idOf(1)
const TWO = idOf(2)
const MINUTES = 60_000
const TORN = '{ "id": "sess'

async function one({ engine }: App): Promise<Session> {
  const session = await engine.retrieve(ONE)
  if (!session) throw new Missing()
  return session
}

/** The disk said that there is no such session. */
export class Missing extends Error {}

const withOne = ({ engine }: App) => engine.create({ user: 'ada', cart: ['tea'] })

async function withThree({ engine, store }: App): Promise<void> {
  await engine.create({ user: 'ada' })
  for (const nth of [2, 3]) {
    const record = { data: { n: nth }, createdAt: 1, expiresAt: 2, revision: 1 }
    await store.write(idOf(nth), record, null)
  }
}

export const SCENES: readonly Scene[] = [
  {
    name: 'create',
    before: async () => {},
    act: ({ engine }) => engine.create({ user: 'ada' }),
  },
  {
    name: 'retrieve',
    before: withOne,
    act: one,
  },
  {
    name: 'update',
    before: withOne,
    async act(app) {
      const session = await one(app)
      session.data['user'] = 'bob'
      await app.engine.flush(session)
    },
  },
  {
    name: 'merge',
    before: withOne,
    async act(app, others) {
      const session = await one(app)
      session.data['user'] = 'bob'
      await others(async (other) => {
        const same = await one(other)
        same.data['theirs'] = 1
        await other.engine.flush(same)
      })
      await app.engine.flush(session)
    },
  },
  {
    name: 'touch',
    before: withOne,
    later: 10 * MINUTES,
    act: async (app) => app.engine.flush(await one(app)),
  },
  {
    name: 'renew',
    before: withOne,
    async act(app) {
      const session = await one(app)
      session.renew()
      session.data['user'] = 'root'
      await app.engine.flush(session)
    },
    // never the old id retired and the new one gone
    isSound: (_, view, lies) =>
      lies || Object.values(view).some((record) => !record.includes('"retired"')),
  },
  {
    name: 'destroy',
    before: withOne,
    act: async (app) => app.engine.destroy(await one(app)),
  },
  {
    name: 'reset',
    before: withThree,
    act: ({ engine }) => engine.reset(),
  },
  {
    name: 'reap',
    before: withThree,
    act: ({ store }) => store.reap(1000),
  },
  {
    name: 'list',
    before: withThree,
    async act({ store }) {
      const ids: string[] = []
      for await (const id of store.ids()) ids.push(id)
      if (ids.length !== 3) throw new Missing()
    },
  },
  {
    name: 'store: create',
    before: async () => {},
    act: ({ store }) =>
      store.write(ONE, { data: { a: 1 }, createdAt: 1, expiresAt: 9e15, revision: 1 }, null),
  },
  {
    name: 'store: update',
    before: withOne,
    async act({ store }) {
      const stored = await store.read(ONE)
      if (!stored) throw new Missing()
      const record = { ...stored.record, data: { a: 'b'.repeat(2000) } }
      if ((await store.write(ONE, record, stored.version)) === null) throw new Missing()
    },
  },
  {
    name: 'store: touch',
    before: withOne,
    async act({ store }) {
      const stored = await store.read(ONE)
      if (!stored || !(await store.touch(ONE, 9e14, stored.version))) throw new Missing()
    },
  },
  {
    name: 'store: delete',
    before: withOne,
    act: ({ store }) => store.delete(ONE),
  },
  {
    name: 'store: wipe',
    before: withThree,
    act: ({ store }) => store.wipe(),
  },
  {
    name: 'quarantine',
    async before(app, disk, { format }) {
      await withOne(app)
      disk.put(fileOf(TWO, format), format === 'json' ? TORN : `data: ${TORN}`)
    },
    act: ({ store }) => store.read(TWO),
    // wherever it is on its way: it is never deleted
    isSound: (disk) => holds(disk.root, TORN),
  },
]

function holds(inode: Disk['root'], text: string): boolean {
  return inode.bytes.includes(text) || [...inode.names.values()].some((inner) => holds(inner, text))
}
