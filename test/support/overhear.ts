import { createHash } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import type { ChildProcess } from 'node:child_process'
import { format, inspect } from 'node:util'
import { afterAll, afterEach, expect } from 'vitest'
import { ExpressSessionStore } from '../../src/adapters/express-session.ts'
import { VitrineError } from '../../src/core/errors.ts'
import { LiveSession } from '../../src/core/live-session.ts'
import { Vocabulary } from './vocabulary.ts'

/**
 * Runs before every test file, and looks over the shoulder of all of them: which ids, secrets and session values they
 * make, and what is printed, thrown and reported meanwhile. After each test nothing of the first may stand in the second.
 *
 * Not looked at is what a child process writes to its standard output: that is where a test's child answers its test,
 * and where the program `vitrine` shows a person what was asked for. What it may show there, `test/cli` and
 * `printed.test.ts` say.
 */

/** One for each module graph, also where several test files share it. */
interface Ear {
  readonly vocabulary: Vocabulary
  /** What was printed, thrown or reported and not looked through yet: where, and what. */
  readonly heard: { readonly where: string; readonly what: unknown }[]
  readonly counts: Record<string, number>
}

const EAR = Symbol.for('vitrine tests: what was overheard')
const place = globalThis as { [EAR]?: Map<object, Ear> }
const ears = (place[EAR] ??= new Map())

/** What these tests have made known, and what was heard so far. */
export const ear: Ear = ears.get(LiveSession) ?? listen()

function listen(): Ear {
  const made: Ear = { vocabulary: new Vocabulary(), heard: [], counts: {} }
  ears.set(LiveSession, made)
  hearErrors(made)
  hearSessions(made)
  hearForeignSessions(made)
  hearSecrets(made)
  hearPrinting(made)
  hearChildren(made)
  subscribe('vitrine:session', (event) => hear(made, 'an event', event))
  return made
}

function hear({ heard, counts }: Ear, where: string, what: unknown): void {
  heard.push({ where, what })
  counts[where] = (counts[where] ?? 0) + 1
}

/** Every error of ours is made by `super` in its constructor: that is `Error`, and can be one that remembers. */
function hearErrors(to: Ear): void {
  const remembering = new Proxy(Error, {
    construct(target, args: unknown[], made: new () => Error) {
      const error = Reflect.construct(target, args, made) as Error
      hear(to, 'an error', error)
      return error
    },
  })
  Object.setPrototypeOf(VitrineError, remembering)
}

/** The engine asks for a session's state before it stores it and after. */
function hearSessions({ vocabulary }: Ear): void {
  const { stateOf } = LiveSession
  LiveSession.stateOf = (session, owner) => {
    const state = stateOf(session, owner)
    if (state.id !== null) vocabulary.add('id', state.id)
    vocabulary.addTexts('value', state.pristine)
    vocabulary.addTexts('value', state.flashSet)
    return state
  }
  const data = Object.getOwnPropertyDescriptor(LiveSession.prototype, 'data') ?? {}
  const { set } = data
  Object.defineProperty(LiveSession.prototype, 'data', {
    ...data,
    set(value) {
      vocabulary.addTexts('value', value)
      set?.call(this, value)
    },
  })
}

function hearForeignSessions({ vocabulary }: Ear): void {
  const { set } = ExpressSessionStore.prototype
  ExpressSessionStore.prototype.set = function (sid, session, callback) {
    vocabulary.add('id', sid)
    vocabulary.add('id', createHash('sha256').update(sid).digest('hex'))
    vocabulary.addTexts('value', session)
    set.call(this, sid, session, callback)
  }
}

/** Every key begins with the bytes of a secret. */
function hearSecrets({ vocabulary }: Ear): void {
  const { subtle } = crypto
  const importKey = subtle.importKey.bind(subtle)
  Object.defineProperty(subtle, 'importKey', {
    configurable: true,
    value: (...args: Parameters<typeof importKey>) => {
      if (args[1] instanceof Uint8Array) {
        vocabulary.add('secret', Buffer.from(args[1]).toString())
        for (const form of ['hex', 'base64url'] as const) {
          vocabulary.add('secret', Buffer.from(args[1]).toString(form))
        }
      }
      return importKey(...args)
    },
  })
}

function hearPrinting(to: Ear): void {
  for (const name of ['debug', 'dir', 'error', 'info', 'log', 'table', 'trace', 'warn'] as const) {
    const print = console[name].bind(console) as (...args: unknown[]) => void
    console[name] = (...args: unknown[]) => {
      hear(to, `console.${name}`, format(...args))
      print(...args)
    }
  }
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = process[name]
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    stream.write = (...args: unknown[]) => {
      hear(to, name, textOf(args[0]))
      return write(...args)
    }
  }
  process.on('warning', (warning) => hear(to, 'a warning', warning))
}

/** What children complain of. */
function hearChildren(to: Ear): void {
  subscribe('child_process', (message) => {
    const { process: child } = message as { readonly process: ChildProcess }
    // its streams are there as soon as it has been started
    process.nextTick(() => {
      const { stderr } = child
      if (!stderr) return
      const push = stderr.push.bind(stderr)
      stderr.push = (chunk: unknown, encoding) => {
        if (chunk !== null) hear(to, 'a child’s stderr', textOf(chunk))
        return push(chunk, encoding)
      }
    })
  })
}

function textOf(chunk: unknown): string {
  return typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString()
}

/** As a log would show it: an error with its stack, its causes and its members. */
export function asLogged(what: unknown): string {
  if (typeof what === 'string') return what
  return inspect(what, { depth: 12, maxArrayLength: 1000, maxStringLength: 100_000 })
}

/** What was heard since the last time and holds what nobody may print. */
export function leaks({ vocabulary, heard }: Ear): string[] {
  return heard.splice(0).flatMap(({ where, what }) => {
    const text = asLogged(what)
    return vocabulary
      .find(text)
      .map((leak) => `${where} holds the ${leak}:\n${text.slice(0, 1000)}`)
  })
}

const check = (): void => expect(leaks(ear)).toEqual([])
afterEach(check)
afterAll(check)
