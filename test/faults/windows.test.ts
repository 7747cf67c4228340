import { describe, expect, it } from 'vitest'
import { dancerJsonLayout } from '../../src/stores/file/dancer-json.ts'
import { fileStore } from '../../src/stores/file/file-store.ts'
import { SCENES } from './scenes.ts'
import { setStage, strikeEach } from './sweep.ts'
import { DIR, fileOf, idOf, newDisk, startApp, view, type Setting } from './world.ts'

/** Other rules than those of Linux: what somebody has open cannot be replaced; names that differ in case are one. */

const RULES = (['refuses', 'delays'] as const).flatMap((windows) =>
  (['crash', 'power'] as const).map((durability): Setting => ({
    format: 'json',
    durability,
    rules: { windows, folds: true },
  })),
)
const ID = idOf(1)

describe.each(RULES)('on Windows, where a removal $rules.windows ($durability)', (setting) => {
  it.each(SCENES)('$name survives the failure of each operation', async (scene) => {
    const stage = await setStage(scene, setting)
    expect(await strikeEach(stage, ['EPERM', 'EACCES', 'EBUSY', 'EIO'])).toBe(stage.operations * 4)
  })

  it('every verb waits for a reader that holds the file for a moment', async () => {
    const disk = newDisk(setting.rules)
    const { engine } = startApp(disk.io, setting)
    const session = await engine.create({ n: 0 })
    const hold = (id: string) => disk.hold(fileOf(id, 'json'), 20)
    for (let n = 1; n <= 3; n++) {
      hold(session.id)
      session.data['n'] = n
      await engine.flush(session)
      expect((await startApp(disk.io, setting).engine.retrieve(session.id))!.data).toEqual({ n })
    }
    hold(session.id)
    session.renew()
    await engine.flush(session)
    hold(session.id)
    await engine.destroy(session)
    await disk.io.sleep(20)
    expect(Object.keys(await view(disk.io, setting))).toEqual([ID]) // the renewed id, retired
    await engine.reset()
    expect(await view(disk.io, setting)).toEqual({})
    expect(disk.opened()).toBe(0)
  })

  it('a write gives up on a reader that never lets go, and leaves the old state', async () => {
    const disk = newDisk(setting.rules)
    const { engine } = startApp(disk.io, setting)
    const session = await engine.create({ n: 0 })
    disk.hold(fileOf(ID, 'json'), 500)
    session.data['n'] = 1
    await expect(engine.flush(session)).rejects.toMatchObject({ code: 'STORE' })
    expect((await engine.retrieve(ID))!.data).toEqual({ n: 0 })
    await disk.io.sleep(500)
    await engine.flush(session)
    expect((await engine.retrieve(ID))!.data).toEqual({ n: 1 })
    expect(disk.at(`${DIR}/.vitrine/tmp`)!.names.size).toBe(0)
  })

  it('a lock that somebody emptied is made again', async () => {
    const disk = newDisk(setting.rules)
    const { engine } = startApp(disk.io, setting)
    const session = await engine.create({ n: 0 })
    for (const lock of disk.at(`${DIR}/.vitrine/locks`)!.names.values()) lock.names.clear()
    session.data['n'] = 1
    await engine.flush(session)
    expect((await engine.retrieve(ID))!.data).toEqual({ n: 1 })
  })
})

describe('on a disk that folds case and drops dots and blanks at the end of names', () => {
  const setting: Setting = { format: 'json', durability: 'crash', rules: { folds: true } }
  const others = (id: string) => [
    id.toUpperCase(),
    `S${id.slice(1)}`,
    `${id}.`,
    `${id} `,
    `${id}..`,
  ]

  it('folds', () => {
    const { io, put } = newDisk(setting.rules)
    put('/srv/Name', 'a')
    for (const name of ['/srv/name', '/srv/NAME', '/srv/Name.', '/srv/nAME .']) {
      expect(io.lstat(name)?.isFile(), name).toBe(true)
    }
  })

  it('two ids never meet in one file', async () => {
    const disk = newDisk(setting.rules)
    const { engine, store } = startApp(disk.io, setting)
    await engine.create({ user: 'ada' })
    const before = await view(disk.io, setting)
    const record = { data: {}, createdAt: 1, expiresAt: 9e15, revision: 1 }
    for (const other of others(ID)) {
      expect(await store.read(other), other).toBeNull()
      expect(await store.write(other, record, null), other).toBeNull()
      await store.delete(other)
      expect(await engine.retrieve(other), other).toBeNull()
    }
    expect(await view(disk.io, setting)).toEqual(before)
  })

  it("of Dancer's ids, which may have capitals, one is never taken for the other", async () => {
    const record = { data: { user: 'ada' }, createdAt: 1, expiresAt: 9e15, revision: 1 }
    for (const other of others(ID)) {
      const store = fileStore({ dir: DIR, io: newDisk(setting.rules).io }, dancerJsonLayout)
      await store.write(ID, record, null)
      expect(await store.write(other, { ...record, data: {} }, null), other).toBeNull()
      expect(await store.read(other), other).toBeNull()
    }
  })
})
