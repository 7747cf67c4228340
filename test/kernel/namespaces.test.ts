import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createEngine, jsonStore } from '../../src/index.ts'
import { compiled } from '../compiled.ts'
import { isLinux, missing, newRoom } from './ground.ts'

/** Containers that share a directory: in each of them the app is process 1. */

const ALONE = ['unshare', '-p', '-f', '--kill-child', process.execPath] as const

const reason = missing({
  Linux: isLinux,
  'root that may unshare process ids (util-linux)': isLinux && pidAlone() === '1',
})

function pidAlone(): string {
  const [command, ...args] = ALONE
  return spawnSync(command, [...args, '-p', 'process.pid'], { encoding: 'utf8' }).stdout?.trim()
}

describe('eight processes that all have the same process id', () => {
  it.skipIf(reason)(`count exactly 800 in one session${reason}`, { timeout: 60_000 }, async () => {
    const dist = process.env['DIST'] ?? compiled()
    const room = newRoom()
    const dir = path.join(room, 'sessions')
    const program = path.join(import.meta.dirname, '..', 'process', 'writer.mjs')
    const children = Array.from({ length: 8 }, (_, at) => at)
    const engine = createEngine({ store: jsonStore(dir) })
    const { id } = await engine.create()
    const [command, ...args] = ALONE
    const writers = children.map((at) =>
      spawn(command, [...args, program, dist, dir, id, 'count', `writer ${at}`, '100']),
    )
    try {
      const ends = await Promise.all(writers.map(async (writer) => (await once(writer, 'exit'))[0]))
      expect(ends).toEqual(children.map(() => 0))
      expect((await engine.retrieve(id))!.data).toEqual({ n: 800 })
      expect(fs.readdirSync(path.join(dir, '.vitrine', 'tmp'))).toEqual([])
    } finally {
      for (const writer of writers) writer.kill('SIGKILL')
      fs.rmSync(room, { recursive: true })
    }
  })
})
