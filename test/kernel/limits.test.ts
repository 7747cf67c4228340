import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { compiled } from '../compiled.ts'
import { isLinux, isRoot, missing, newRoom, runs } from './ground.ts'
import { MountSpace, noMounts } from './mounts.ts'
import { Worker, type Answer } from './worker.ts'

/** What a system may refuse, for real: each is said in words, changes nothing, and is over when it is over. */

interface Scene {
  /** Why it cannot be played here; `''`: it can. */
  readonly reason: string
  /** What starts the process, before its own command. */
  readonly before?: readonly string[]
  /** The size and the inodes of a disk of its own. */
  readonly disk?: string
  /** How long the session becomes that is stored while the cause lasts. */
  readonly size?: number
  cause(world: World): unknown
  cure(world: World): unknown
  /** The error of each deed while the cause lasts; none: it works. */
  readonly errors: Readonly<
    Partial<Record<'create' | 'read' | 'update' | 'destroy' | 'reap', string>>
  >
}

interface World {
  readonly dir: string
  readonly id: string
  readonly worker: Worker
  readonly space: MountSpace | null
}

/** A process of root that may not do more than others: what is not its own it cannot open. */
const asUser = ['setpriv', '--inh-caps=-all', '--bounding-set=-all']
const noUser = missing({
  Linux: isLinux,
  root: isRoot,
  'setpriv (util-linux)': isLinux && isRoot && runs('setpriv', ...asUser.slice(1), 'true'),
})
const NOBODY = 65_534
const noLimits = missing({ 'prlimit (util-linux)': isLinux && runs('prlimit', '--nofile') })
const noAttributes = missing({
  Linux: isLinux,
  root: isRoot,
  'chattr +i on this disk': canBeFixed(),
})

function canBeFixed(): boolean {
  const room = newRoom()
  try {
    return isLinux && runs('chattr', '+i', room) && runs('chattr', '-i', room)
  } finally {
    fs.rmSync(room, { recursive: true })
  }
}

const chattr = (how: string, file: string) => execFileSync('chattr', [how, file])
const all = (code: string) => ({
  create: code,
  read: code,
  update: code,
  destroy: code,
  reap: code,
})
const writes = (code: string) => ({ create: code, update: code, destroy: code })

const scenes: Record<string, Scene> = {
  'a disk without space': {
    reason: noMounts,
    disk: 'size=512k',
    size: 20_000,
    cause: ({ dir }) => fillUp(path.join(dir, '..', 'filling')),
    cure: ({ dir }) => fs.rmSync(path.join(dir, '..', 'filling')),
    errors: { create: 'ENOSPC', update: 'ENOSPC' },
  },
  'a disk without inodes': {
    reason: noMounts,
    disk: 'nr_inodes=200',
    cause: ({ dir }) => useUp(path.join(dir, '..', 'filling')),
    cure: ({ dir }) => fs.rmSync(path.join(dir, '..', 'filling'), { recursive: true }),
    errors: { create: 'ENOSPC', update: 'ENOSPC' },
  },
  'a disk that became read-only': {
    reason: noMounts,
    disk: 'size=4m',
    cause: ({ space }) => space!.run('mount', '-o', 'remount,ro', '/mnt'),
    cure: ({ space }) => space!.run('mount', '-o', 'remount,rw', '/mnt'),
    errors: { ...writes('EROFS'), reap: 'EROFS' },
  },
  'a directory that may not change': {
    reason: noAttributes,
    cause: ({ dir }) => chattr('+i', dir),
    cure: ({ dir }) => chattr('-i', dir),
    errors: writes('EPERM'),
  },
  'a session file that may not change': {
    reason: noAttributes,
    cause: ({ dir, id }) => chattr('+i', path.join(dir, `${id}.json`)),
    cure: ({ dir, id }) => chattr('-i', path.join(dir, `${id}.json`)),
    errors: { update: 'EPERM', destroy: 'EPERM' },
  },
  'a process that may open no more files': {
    reason: noLimits,
    before: ['prlimit', '--nofile=256'],
    cause: ({ worker }) => worker.do('hog'),
    cure: ({ worker }) => worker.do('free'),
    errors: {
      create: 'EMFILE',
      read: 'EMFILE',
      update: 'EMFILE',
      destroy: 'EMFILE',
      reap: 'EMFILE',
    },
  },
  'a process that may write no long files': {
    reason: noLimits,
    before: ['prlimit', '--fsize=8192'],
    size: 20_000,
    cause: () => undefined,
    cure: () => undefined,
    errors: { update: 'EFBIG' },
  },
  'a directory without any permission': {
    reason: noUser,
    before: asUser,
    cause: ({ dir }) => fs.chmodSync(dir, 0),
    cure: ({ dir }) => fs.chmodSync(dir, 0o700),
    errors: all('EACCES'),
  },
  'a directory that may only be read': {
    reason: noUser,
    before: asUser,
    cause: ({ dir }) => fs.chmodSync(dir, 0o500),
    cure: ({ dir }) => fs.chmodSync(dir, 0o700),
    errors: writes('EACCES'),
  },
  'a directory that somebody else took': {
    reason: noUser,
    before: asUser,
    cause: ({ dir }) => fs.chownSync(dir, NOBODY, NOBODY),
    cure: ({ dir }) => fs.chownSync(dir, 0, 0),
    errors: all('EACCES'),
  },
  'a session file that may not be read': {
    reason: noUser,
    before: asUser,
    cause: ({ dir, id }) => fs.chmodSync(path.join(dir, `${id}.json`), 0),
    cure: ({ dir, id }) => fs.chmodSync(path.join(dir, `${id}.json`), 0o600),
    errors: { read: 'EACCES', update: 'EACCES', destroy: 'EACCES', reap: 'EACCES' },
  },
  'working files without any permission': {
    reason: noUser,
    before: asUser,
    cause: ({ dir }) => fs.chmodSync(path.join(dir, '.vitrine'), 0),
    cure: ({ dir }) => fs.chmodSync(path.join(dir, '.vitrine'), 0o700),
    errors: all('EACCES'),
  },
}

function fillUp(file: string): void {
  const fd = fs.openSync(file, 'w')
  try {
    for (;;) fs.writeSync(fd, Buffer.alloc(4096))
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  } finally {
    fs.closeSync(fd)
  }
}

function useUp(folder: string): void {
  fs.mkdirSync(folder)
  try {
    for (let n = 0; ; n++) fs.writeFileSync(path.join(folder, String(n)), '')
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  }
}

/** The session files, byte for byte. */
function stateOf(dir: string): Record<string, string> {
  const names = fs.readdirSync(dir).filter((name) => name.endsWith('.json'))
  return Object.fromEntries(
    names.map((name) => [name, fs.readFileSync(path.join(dir, name), 'utf8')]),
  )
}

let dist: string
beforeAll(() => void (dist = process.env['DIST'] ?? compiled()), 60_000)

describe.each(Object.entries(scenes))('%s', (_, scene) => {
  const { reason, before = [], disk, size = 10, errors } = scene
  let room: string
  let dir: string
  let space: MountSpace | null = null
  let worker: Worker

  beforeEach(async () => {
    room = newRoom()
    dir = path.join(room, 'sessions')
    if (disk !== undefined) {
      space = await MountSpace.open()
      space.run('mount', '-t', 'tmpfs', '-o', disk, 'none', '/mnt')
      dir = path.join(space.seen('/mnt'), 'sessions')
    }
    worker = await Worker.start(dist, dir, before)
  })

  afterEach(async () => {
    await worker.end()
    space?.close()
    space = null
    fs.rmSync(room, { recursive: true, force: true })
  })

  it.skipIf(reason).each(['create', 'read', 'update', 'destroy', 'reap'] as const)(
    `is said in words at %s, and over when it is over${reason}`,
    async (what) => {
      const id = (await worker.do('create')) as string
      await worker.do('update', id, { n: 2, size: 10 })
      await worker.do('reap')
      const world: World = { dir, id, worker, space }
      const old = stateOf(dir)
      // somebody had it in hand: what the process remembers of it does not count
      fs.utimesSync(path.join(dir, `${id}.json`), new Date(), new Date())

      await scene.cause(world)
      let answer: Answer
      try {
        answer = await worker.ask(what, id, { n: 3, size })
      } finally {
        await scene.cure(world)
      }
      const expected = errors[what]
      if (expected === undefined) {
        expect(answer.error).toBeUndefined()
        if (what === 'read') expect(answer.value).toBe(2)
      } else {
        expect(answer.error).toMatchObject({ name: 'VitrineError', code: 'STORE', cause: expected })
        expect(answer.error!.message).toMatch(/^Cannot [a-z ]+: the [a-z -]+|permission is denied/)
        expect(answer.error!.message).toContain(`(${expected})`)
        expect(JSON.stringify(answer.error)).not.toContain(id)
        expect(stateOf(dir)).toEqual(old)
      }

      // the cause is gone: everything works again by itself, in the same process
      if (expected !== undefined || what !== 'destroy') {
        await worker.do('update', id, { n: 4, size: 10 })
        expect(await worker.do('read', id)).toBe(4)
        await worker.do('destroy', id)
      }
      expect(await worker.do('read', await worker.do('create'))).toBe(1)
      await worker.do('reap')
      expect(fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))).toEqual([])
      expect(fs.readdirSync(path.join(dir, '.vitrine', 'quarantine'))).toEqual([])
    },
  )
})

describe('a session directory', () => {
  let room: string
  let dir: string
  let worker: Worker
  let id: string

  beforeEach(async () => {
    room = newRoom()
    dir = path.join(room, 'sessions')
    worker = await Worker.start(dist, dir)
    id = (await worker.do('create')) as string
  })
  afterEach(async () => {
    await worker.end()
    fs.rmSync(room, { recursive: true })
  })

  const update = { n: 2, size: 10 }

  it('that is removed under a running app is made again', async () => {
    fs.rmSync(dir, { recursive: true })
    expect(await worker.do('read', id)).toBe(null)
    fs.rmSync(dir, { recursive: true })
    const next = await worker.do('create')
    await worker.do('update', next, update)
    expect(await worker.do('read', next)).toBe(2)
    expect(await worker.do('reap')).toBe(0)
  })

  it('whose working files are removed gets them again', async () => {
    fs.rmSync(path.join(dir, '.vitrine'), { recursive: true })
    await worker.do('update', id, update)
    expect(await worker.do('read', id)).toBe(2)
    fs.rmSync(path.join(dir, '.vitrine'), { recursive: true })
    await worker.do('destroy', id)
    expect(await worker.do('read', id)).toBe(null)
  })

  it('that became a link leads to where the link leads', async () => {
    const old = path.join(room, 'old')
    const other = path.join(room, 'other')
    fs.renameSync(dir, old)
    fs.mkdirSync(other)
    fs.symlinkSync(other, dir)
    expect(await worker.do('read', id)).toBe(null)
    const next = await worker.do('create')
    expect(fs.existsSync(path.join(other, `${next}.json`))).toBe(true)
    expect(Object.keys(stateOf(old))).toEqual([`${id}.json`])
    fs.unlinkSync(dir)
    fs.renameSync(old, dir)
    await worker.do('update', id, update)
    expect(await worker.do('read', id)).toBe(2)
  })

  it.each<[string, string, string, (at: string) => void]>([
    [
      'a link to nowhere',
      'ENOENT',
      'part of the path is missing',
      (at) => fs.symlinkSync('no', at),
    ],
    ['a link to itself', 'ELOOP', 'leads back to itself', (at) => fs.symlinkSync(at, at)],
    ['a file', 'ENOTDIR', 'not a directory', (at) => fs.writeFileSync(at, 'mine')],
  ])(
    'that became %s is said to be none, and works when it is back',
    async (_, code, words, place) => {
      const old = path.join(room, 'old')
      fs.renameSync(dir, old)
      place(dir)
      for (const what of ['create', 'reap']) {
        const { error } = await worker.ask(what)
        expect(error).toMatchObject({ name: 'VitrineError', code: 'STORE', cause: code })
        expect(error!.message).toContain(words)
      }
      fs.unlinkSync(dir)
      fs.renameSync(old, dir)
      await worker.do('update', id, update)
      expect(await worker.do('read', id)).toBe(2)
    },
  )
})
