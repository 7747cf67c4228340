import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeIo, type Io } from '../../src/files.ts'
import { createEngine, jsonStore } from '../../src/index.ts'
import { diarist, judge } from './diary.ts'
import { newRoom } from './ground.ts'
import { randomFrom } from './random.ts'

/** Processes that are killed at random moments of their work. */

/** So many processes work on one directory and die at about the same time. */
const WRITERS = 4

/** What was tried, and everything that was wrong. */
export interface Toll {
  kills: number
  acknowledged: number
  problems: string[]
}

/** One round: four processes on one directory. */
export async function killWriters(seed: number, dist: string): Promise<Toll> {
  const random = randomFrom(seed)
  const room = newRoom()
  const dir = path.join(room, 'sessions')
  const engine = createEngine({ store: jsonStore(dir) })
  const shared = (await engine.create({ n: 0 })).id
  const writers = Array.from({ length: WRITERS }, (_, at) =>
    diarist({ dist, dir, seed: seed + at, durability: 'crash', shared }),
  )
  try {
    await Promise.all(writers.map((writer) => writer.go(10 + random() * 50)))
    for (const { child } of writers) {
      await sleep(random() * 20)
      child.kill('SIGKILL')
    }
    const diaries = await Promise.all(writers.map(({ diary }) => diary))
    const kills = writers.filter(({ child }) => child.signalCode === 'SIGKILL').length
    const { acknowledged, lost, torn } = await judge(diaries, dir)
    const failures = diaries.flat().filter(({ what }) => what === 'failed')
    const problems = [...lost, ...failures.map(({ error }) => `it failed: ${error}`)]
    if (torn > 0) problems.push(`${torn} torn`)
    return { kills, acknowledged, problems: [...problems, ...(await leftBehind(dir))] }
  } finally {
    for (const { child } of writers) child.kill('SIGKILL')
    fs.rmSync(room, { recursive: true, force: true })
  }
}

/** What is there beside sessions after a sweep, once what the dead left looks old. */
async function leftBehind(dir: string): Promise<string[]> {
  const own = path.join(dir, '.vitrine')
  const tmp = path.join(own, 'tmp')
  for (const name of fs.readdirSync(tmp)) fs.utimesSync(path.join(tmp, name), 1, 1)
  // whoever swept when it was killed is waited for for a second: here that is 20 ms
  const io: Io = {
    ...nodeIo,
    elapsed: () => nodeIo.elapsed() * 50,
    sleep: (ms) => nodeIo.sleep(ms / 50),
  }
  await jsonStore({ dir, io }).reap!(Date.now())
  return ['tmp', 'quarantine'].flatMap((folder) =>
    fs.readdirSync(path.join(own, folder)).map((name) => `left over: ${folder}/${name}`),
  )
}
