import { once } from 'node:events'
import {
  request,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { beforeEach, describe, expect, it } from 'vitest'
import { session } from '../../src/express.ts'
import { latch, listen, raw, watchedStore, type WatchedStore } from './kit.ts'

let watched: WatchedStore
/** The store writes when it is opened. */
let door: ReturnType<typeof latch>

beforeEach(async () => {
  watched = await watchedStore()
  door = latch()
  watched.beforeWrite = () => door.opened
})

/** A plain server whose sessions always have something to store. */
async function serve(
  handler: (req: IncomingMessage, res: ServerResponse) => unknown,
): Promise<string> {
  const sessions = session({ store: watched.store })
  return listen((req, res) =>
    sessions(req, res, (error) => {
      if (error) throw error as Error
      sessions.of(req).data['user'] = 'ada'
      handler(req, res)
    }),
  )
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('while the session is being stored', () => {
  it('the head counts as sent, as far as the handler can tell', async () => {
    const found: unknown[] = []
    const code = (act: () => unknown): unknown => {
      try {
        return act()
      } catch (error) {
        return (error as { code?: string }).code
      }
    }
    const origin = await serve((_req, res) => {
      res.setHeader('x-early', '1')
      res.write('one ')
      found.push(
        res.headersSent,
        res.writableEnded,
        res.getHeader('x-early'),
        code(() => res.setHeader('x-late', '1')),
        code(() => res.appendHeader('x-late', '1')),
        code(() => res.removeHeader('x-early')),
        code(() => res.setHeaders(new Map([['x-late', '1']]))),
        code(() => res.writeHead(201, { 'x-late': '1' })),
        code(() => res.write(1)),
      )
      res.statusCode = 404
      res.statusMessage = 'Late'
      res.end('two')
      found.push(res.writableEnded)
      door.open()
    })
    const reply = await raw(origin)
    const late = 'ERR_HTTP_HEADERS_SENT'
    const expected = [true, false, '1', late, late, late, late, late, 'ERR_INVALID_ARG_TYPE', true]
    expect(found).toEqual(expected)
    expect(reply).toMatchObject({ status: 200, text: 'one two', headers: { 'x-early': '1' } })
    expect(reply.headers).not.toHaveProperty('x-late')
  })

  it.each([
    ['an object', { 'X-One': '1', 'Set-Cookie': ['a=1', 'b=2'] }],
    ['a flat array', ['X-One', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']],
    [
      'an array of pairs',
      [
        ['X-One', '1'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ],
    ],
  ])('the session’s cookie joins those of writeHead with %s', async (_, headers) => {
    door.open()
    const origin = await serve((_req, res) => {
      res.setHeader('x-one', '0')
      res.writeHead(201, 'Made', headers as OutgoingHttpHeaders).end('done')
    })
    const reply = await raw(origin)
    expect(reply).toMatchObject({ status: 201, text: 'done', headers: { 'x-one': '1' } })
    expect(reply.cookies).toEqual(['a=1', 'b=2', expect.stringMatching(/^id=/)])
  })

  it('what Node refuses is refused at once, and nothing is stored for it', async () => {
    const refused: unknown[] = []
    const attempts: ((res: ServerResponse) => unknown)[] = [
      (res) => res.writeHead(42),
      (res) => res.writeHead(200, 'no\nnews'),
      (res) => res.writeHead(200, { 'x-bad': 'a\nb' }),
      (res) => res.write(null),
      (res) => res.end({} as never),
    ]
    const origin = await serve((_req, res) => {
      for (const attempt of attempts) {
        try {
          attempt(res)
        } catch (error) {
          refused.push((error as { code?: string }).code)
        }
      }
      res.writeHead(500).end()
    })
    expect((await raw(origin)).status).toBe(500)
    expect(refused).toEqual([
      'ERR_HTTP_INVALID_STATUS_CODE',
      'ERR_INVALID_CHAR',
      'ERR_INVALID_CHAR',
      'ERR_INVALID_ARG_TYPE',
      'ERR_INVALID_ARG_TYPE',
    ])
    expect(watched.log).toEqual([])
  })

  it('a piped source waits after its first piece', async () => {
    const source = new PassThrough({ highWaterMark: 1000 })
    const origin = await serve(async (_req, res) => {
      source.pipe(res)
      source.write('a'.repeat(900))
      await nextTurn()
      source.write('b'.repeat(900))
      source.end('c'.repeat(900))
      await nextTurn()
      watched.log.push(`${source.isPaused() ? 'paused' : 'flowing'}, ${source.readableLength} wait`)
      door.open()
    })
    expect((await raw(origin)).text).toBe('a'.repeat(900) + 'b'.repeat(900) + 'c'.repeat(900))
    expect(watched.log).toEqual(['paused, 1800 wait', 'stored'])
  })

  it('callbacks are called once it is, in order', async () => {
    const { log } = watched
    const ended = latch()
    const origin = await serve((_req, res) => {
      res.write('one ', () => log.push('one'))
      res.write('two ', 'utf8', () => log.push('two'))
      res.end('three', 'utf8', () => {
        log.push('end')
        ended.open()
      })
      log.push('said')
      door.open()
    })
    expect((await raw(origin)).text).toBe('one two three')
    await ended.opened
    expect(log).toEqual(['said', 'stored', 'one', 'two', 'end'])
  })

  it('a second end changes nothing', async () => {
    const origin = await serve((_req, res) => {
      res.end('once')
      res.end()
      door.open()
    })
    expect((await raw(origin)).text).toBe('once')
    expect(watched.log).toEqual(['stored'])
  })

  it('informational responses pass', async () => {
    const { log } = watched
    const origin = await serve((_req, res) => {
      res.end('done')
      res.writeContinue()
      res.writeProcessing()
      res.writeEarlyHints({ link: '</style.css>; rel=preload' })
    })
    const req = request(origin, { agent: false }).end()
    const informed = latch()
    req.on('information', ({ statusCode }) => {
      log.push(String(statusCode))
      if (statusCode === 103) informed.open()
    })
    await informed.opened
    door.open()
    const [res] = (await once(req, 'response')) as [IncomingMessage]
    log.push(await text(res))
    expect(log).toEqual(['100', '102', '103', 'stored', 'done'])
  })

  it('an answer that began before the session was there goes on as it began', async () => {
    const sessions = session({ store: watched.store })
    const origin = await listen((req, res) => {
      res.write('early ')
      sessions(req, res, () => {
        sessions.of(req).data['user'] = 'ada'
        res.end('bird')
      })
    })
    expect(await raw(origin)).toMatchObject({ status: 200, text: 'early bird', cookies: [] })
    expect(watched.log).toEqual([])
  })

  it('hooks above the gate run once, in time to use the session', async () => {
    const sessions = session({ store: watched.store })
    let hooked = 0
    const origin = await listen((req, res) =>
      sessions(req, res, () => {
        const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse
        res.writeHead = (...args: unknown[]) => {
          sessions.of(req).data['hooked'] = ++hooked
          res.appendHeader('x-hooked', String(hooked))
          return writeHead(...args)
        }
        door.open()
        res.end('done')
      }),
    )
    const reply = await raw(origin)
    expect(reply).toMatchObject({ text: 'done', headers: { 'x-hooked': '1' } })
    expect(reply.cookies).toHaveLength(1)
    expect(watched.log).toEqual(['stored'])
  })

  it('wrappers that ask for the head twice, or keep it to themselves, break nothing', async () => {
    door.open()
    const origin = await serve((req, res) => {
      if (req.url === '/twice') {
        res.writeHead(200)
        ;(res as unknown as { _implicitHeader: () => void })._implicitHeader() // as express-session does
      } else {
        res.writeHead = () => res
      }
      res.end('done')
    })
    for (const path of ['/twice', '/never']) {
      const reply = await raw(origin + path)
      expect(reply).toMatchObject({ status: 200, text: 'done' })
      expect(reply.cookies).toHaveLength(1)
    }
  })
})

describe('a client that goes away', () => {
  it('leaves nothing when the handler never ends', async () => {
    door.open()
    const gone = latch()
    const origin = await serve((_req, res) => res.on('close', gone.open))
    const req = request(origin, { agent: false }).end()
    req.on('error', () => undefined)
    setTimeout(() => req.destroy(), 20)
    await gone.opened
    await nextTurn()
    expect(watched.log).toEqual([])
  })

  it('while its session is being stored does no harm', async () => {
    const [held, gone] = [latch(), latch()]
    const origin = await serve((_req, res) => {
      res.on('close', gone.open)
      res.end('nobody hears this')
      held.open()
    })
    const req = request(origin, { agent: false }).end()
    req.on('error', () => undefined)
    await held.opened
    req.destroy()
    await gone.opened
    door.open()
    await expect.poll(() => watched.log).toEqual(['stored'])
    expect((await raw(origin)).text).toBe('nobody hears this')
  })
})
