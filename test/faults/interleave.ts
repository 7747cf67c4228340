import { memoryDisk, type Disk } from './disk.ts'
import { stopBefore, type Place, type Stopped } from './process.ts'
import { copyOf, idOf, leftovers, newDisk, startApp, type App, type Setting } from './world.ts'

/** What a process does to sessions. */
export type Work = (app: App) => Promise<unknown>

export const ID: string = idOf(1)
export const SETTING: Setting = { format: 'json', durability: 'crash' }

/** Changes the session, if it is there. */
export function changing(change: (data: Record<string, unknown>) => void): Work {
  return async ({ engine }) => {
    const session = await engine.retrieve(ID)
    if (!session) throw new Error('there is no session')
    session.update(change)
    await engine.flush(session)
  }
}

export const count: Work = changing((data) => void (data['n'] = (data['n'] as number) + 1))

export const destroy: Work = async ({ engine }) => {
  const session = await engine.retrieve(ID)
  if (!session) throw new Error('there is no session')
  await engine.destroy(session)
}

/** Waits for work that may come too late: for a session that has ended. */
export async function tried(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!/there is no session|it has ended/.test((error as Error).message)) throw error
  }
}

/** Makes disks with one session on them. */
export async function disks(): Promise<() => Disk> {
  const disk = newDisk()
  await startApp(disk.io, SETTING).engine.create({ n: 0 })
  return () => memoryDisk({ root: copyOf(disk.root) })
}

export async function dataOn(disk: Disk): Promise<unknown> {
  return (await startApp(disk.io, SETTING).engine.retrieve(ID))?.data ?? null
}

/**
 * Lets several processes count, each stopped at its place while the ones before it stand still, and then go on in
 * some order, each to its end.
 * @returns of each, whether it was done before it was stopped
 * @throws Error when a count is lost, or something left behind
 */
export async function countTogether(
  fresh: () => Disk,
  places: readonly Place[],
  order: readonly number[],
): Promise<boolean[]> {
  const disk = fresh()
  const stopped: Stopped[] = []
  for (const [at, place] of places.entries()) {
    stopped.push(await stopBefore(place, disk, SETTING, at + 1, count))
  }
  for (const at of order) await stopped[at]!.resume()
  const told = JSON.stringify({ places, order })
  const found = JSON.stringify(await dataOn(disk))
  if (found !== JSON.stringify({ n: places.length })) {
    throw new Error(`${places.length} processes counted to ${found}: ${told}`)
  }
  const left = await leftovers(disk)
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}: ${told}`)
  return stopped.map(({ finished }) => finished)
}

/** Every order of so many things. */
export function ordersOf(length: number): number[][] {
  if (length === 0) return [[]]
  return ordersOf(length - 1).flatMap((order) =>
    Array.from({ length }, (_, at) => order.toSpliced(at, 0, length - 1)),
  )
}
