import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Router, type Request, type Response } from 'express'
import type { Engine } from '../../index.ts'
import { raceTrack, RACERS } from './shop.ts'

/** The last of them answers after about this long, in ms: time to watch them arrive. */
const LAPS = 1400

/** A racer that never comes is not waited for longer than this, in ms. */
const PATIENCE = 3000

/** A race that is under way. */
interface Race {
  readonly startedAt: number
  /** Settles when every racer is here: each has its session by then, so all hold the same state. */
  ready(): Promise<void>
}

/**
 * Sends real requests to this very server, all at once and all with the visitor's cookie: half of them add a line
 * to the session, half raise one counter. None goes on before each has read the session, so every commit but the
 * first meets a session that is no longer what it read.
 */
export function raceTrackRoutes(engine: Engine, cookie: string): Router {
  const races = new Map<string, Race>()
  const router = Router()
  router.post('/race', start)
  router.post('/race/:racer', run)
  return router

  async function start({ session, socket }: Request, response: Response): Promise<void> {
    session.data['race'] = { counter: 0 }
    const ticket = await engine.flush(session)
    const key = randomUUID()
    races.set(key, lineUp())
    try {
      const racers = Array.from({ length: RACERS }, (_, at) =>
        fetch(`http://127.0.0.1:${socket.localPort}/race/${at + 1}`, {
          method: 'POST',
          headers: { cookie: `${cookie}=${ticket}`, 'x-race': key },
        }),
      )
      await Promise.all(racers)
    } finally {
      races.delete(key)
    }
    response.redirect(303, '/')
  }

  async function run({ session, params, headers }: Request, response: Response): Promise<void> {
    const race = races.get(String(headers['x-race']))
    const racer = Number(params['racer'])
    if (!race || !(racer >= 1 && racer <= RACERS)) return void response.sendStatus(404)
    await race.ready()
    await pause((LAPS * racer) / RACERS)
    if (racer % 2 === 0) session.update((data) => raceTrack(data).counter++)
    else
      raceTrack(session.data)[`line ${(racer + 1) / 2}`] = `after ${Date.now() - race.startedAt} ms`
    response.sendStatus(204)
  }
}

function lineUp(): Race {
  let missing = RACERS
  let go = (): void => undefined
  const everybody = new Promise<void>((resolve) => {
    go = resolve
  })
  return {
    startedAt: Date.now(),
    ready() {
      missing--
      if (missing === 0) go()
      return Promise.race([everybody, pause(PATIENCE, undefined, { ref: false })])
    },
  }
}
