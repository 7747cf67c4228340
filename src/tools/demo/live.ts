import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Request, Response } from 'express'
import { isId, type Engine, type Store, type Transport } from '../../index.ts'
import { isPage, regionsOf, type PagePath, type Regions } from './pages.ts'
import { visitOf } from './shop.ts'

/** What the live view is made of. */
export interface LiveParts {
  readonly store: Store
  readonly engine: Engine
  readonly transport: Transport
  /** The session directory, absolute. */
  readonly dir: string
}

/** Shows browsers their session's file as it changes. */
export interface LiveView {
  /** Answers with a stream of events (Server-Sent Events, WHATWG HTML 9.2). */
  handle(request: Request, response: Response): Promise<void>
  /** Ends every stream. */
  close(): Promise<void>
}

interface FileLook {
  /** As one would type it, and whole. */
  readonly path: string
  readonly fullPath: string
  readonly text: string
  readonly changedAt: number
  readonly size: number
  /** Whether it is JSON at the moment: somebody may be in the middle of editing it. */
  readonly isJson: boolean
  readonly isRetired: boolean
}

/** `regions: null`: leave the shop as it is. */
interface Look {
  readonly file: Omit<FileLook, 'isRetired'> | null
  readonly regions: Regions | null
}

/** In ms; keeps proxies and browsers from giving up on a silent stream. */
const HEARTBEAT = 15_000

/** In ms: an editor that empties the file before it writes it is given so long. */
const MID_WRITE = 120

const MAX_BYTES = 1024 * 1024

/**
 * A browser is told about the session whose cookie it holds, and about no other. The file is read as bytes, and
 * the session through `retrieve`, which changes nothing: no expiry moves and no flash message is used up.
 */
export function liveView({ store, engine, transport, dir }: LiveParts): LiveView {
  const streams = new Map<string, Set<() => void>>()
  const answers = new Set<Promise<void>>()
  const stop = new AbortController()
  const following = follow()

  return {
    async handle(request, response) {
      const answered = answer(request, response).finally(() => answers.delete(answered))
      answers.add(answered)
      await answered
    },
    async close() {
      stop.abort()
      await Promise.allSettled([following, ...answers])
    },
  }

  async function follow(): Promise<void> {
    if (!store.watch) return
    for await (const { id } of store.watch(stop.signal)) {
      for (const wake of streams.get(id) ?? []) wake()
    }
  }

  /** The session of a request, also while its file is not JSON; else the first whose file may come back. */
  async function idOf({ headers }: Request): Promise<string | null> {
    const tickets = await transport.receive({ headers: { get: () => headers.cookie } })
    let absent: string | null = null
    for (const id of tickets.filter(isId)) {
      const file = await readFile(id)
      if (file?.isRetired) continue
      if (file && (!file.isJson || (await engine.retrieve(id)))) return id
      absent ??= id
    }
    return absent
  }

  async function answer(request: Request, response: Response): Promise<void> {
    const { page } = request.query
    const id = await idOf(request)
    response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.flushHeaders()
    await stream(id, isPage(page) ? page : '/', response)
    response.end()
  }

  async function stream(id: string | null, page: PagePath, response: Response): Promise<void> {
    const gone = new AbortController()
    const over = AbortSignal.any([gone.signal, stop.signal])
    let wake = () => {}
    let isStale = true
    const nudge = () => {
      isStale = true
      wake()
    }
    over.addEventListener('abort', () => wake())
    response.once('close', () => gone.abort())
    if (response.closed) gone.abort()
    const beat = setInterval(() => response.write(': \n\n'), HEARTBEAT)
    const release = id === null ? () => {} : listen(id, nudge)
    while (!over.aborted) {
      if (isStale) {
        isStale = false
        const look = await lookAt(id, page)
        response.write(
          look ? `event: look\ndata: ${JSON.stringify(look)}\n\n` : 'event: moved\ndata: \n\n',
        )
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
    clearInterval(beat)
    release()
  }

  function listen(id: string, nudge: () => void): () => void {
    const nudges = streams.get(id) ?? new Set()
    streams.set(id, nudges.add(nudge))
    return () => {
      nudges.delete(nudge)
      if (nudges.size === 0) streams.delete(id)
    }
  }

  /** @returns `null`: the session has a new id now, which only the browser knows */
  async function lookAt(id: string | null, page: PagePath): Promise<Look | null> {
    let file = id === null ? null : await readFile(id)
    if (id !== null && file?.isJson === false) {
      await pause(MID_WRITE)
      file = await readFile(id)
    }
    if (file?.isRetired) return null
    if (id === null || !file) return { file: null, regions: regionsOf(page, visitOf({})) }
    const { isRetired: _, ...shown } = file
    if (!file.isJson) return { file: shown, regions: null }
    const session = await engine.retrieve(id)
    return { file: shown, regions: regionsOf(page, visitOf(session?.data ?? {})) }
  }

  async function readFile(id: string): Promise<FileLook | null> {
    const fullPath = join(dir, `${id}.json`)
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
    const handle = await open(fullPath, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => null)
    if (!handle) return null
    try {
      const { size, mtimeMs } = await handle.stat()
      if (size > MAX_BYTES) return null
      const text = await handle.readFile('utf8')
      const near = relative(process.cwd(), fullPath)
      const path = near.startsWith(`..${sep}`) ? fullPath : near
      return { path, fullPath, text, size, changedAt: mtimeMs, ...factsOf(text) }
    } catch {
      return null // a directory, or gone between the two
    } finally {
      await handle.close()
    }
  }
}

function factsOf(text: string): { isJson: boolean; isRetired: boolean } {
  try {
    const file: unknown = JSON.parse(text)
    return { isJson: true, isRetired: (file as { retired?: unknown } | null)?.retired === true }
  } catch {
    return { isJson: false, isRetired: false }
  }
}
