import { session } from '../../src/express.ts'
import { behaviours } from './behaviours.ts'
import { errorAnswer, listen, send } from './kit.ts'

behaviours('node:http', (options, app) => {
  const sessions = session(options)
  return listen((req, res) =>
    sessions(req, res, (error) => {
      if (error) return send(res, errorAnswer(error))
      const url = new URL(req.url ?? '/', 'http://localhost')
      void Promise.resolve()
        .then(() => app(sessions.of(req), url))
        .catch(errorAnswer)
        .then((answer) => send(res, answer))
    }),
  )
})
