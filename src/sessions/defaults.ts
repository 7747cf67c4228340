import type { RequestEngine } from '../core/engine.ts'
import { storeEngine } from '../core/store-engine.ts'
import type { Report, SessionEvent } from '../core/events.ts'
import { createId } from '../core/id.ts'
import { settleBy } from '../core/settle.ts'
import type { EngineParts } from '../core/parts.ts'
import { milliseconds } from '../core/policy.ts'
import type { StandardSchema } from '../core/schema.ts'
import { sealEngine } from '../core/seal-engine.ts'
import { anyShape, shapeOf } from '../core/shape.ts'
import type { Transport } from '../core/transport.ts'
import { defaultStore } from '../stores/file/default-store.ts'
import { cookie } from '../transports/cookie.ts'
import type { Options } from './options.ts'
import { reaperOf, type Reaper } from './reaper.ts'

export { defaultStore }

/** An app's sessions before they have a face: the engine, the transport and what both share. */
export interface Built {
  readonly engine: RequestEngine
  readonly transport: Transport
  readonly parts: EngineParts
  readonly reaper: Reaper
}

/**
 * Fills in the defaults and puts the parts together.
 * @throws VitrineError `CONFIG`
 */
export function build<S extends StandardSchema | undefined>(options: Options<S>): Built {
  const now = options.now ?? Date.now
  const report = safely(options.report ?? warnOnce())
  const transport = options.transport ?? cookie()
  const store = options.store ?? defaultStore()
  const production = isProduction()
  const maxDepth = options.maxDepth ?? 64
  const policy = {
    idle: milliseconds(options.idle ?? '2h', 'idle'),
    lifetime: milliseconds(options.lifetime ?? '30d', 'lifetime'),
  }
  const parts: EngineParts = {
    policy,
    report,
    now,
    shape: options.schema
      ? shapeOf(options.schema, options.onInvalid ?? 'discard', report, now)
      : anyShape,
    settle: settleBy(options.onConflict ?? 'mine', maxDepth),
    createId: options.createId ?? createId,
    maxDepth,
    strict: !production,
  }
  const isSealer = 'seal' in store
  transport.init?.(report)
  if (production && transport.signed === false && !isSealer) {
    report({
      type: 'warning',
      at: now(),
      code: 'UNSIGNED',
      message:
        'Tickets are not signed: give cookie({ secrets }) so that a leaked id or directory listing logs nobody in',
    })
  }
  if (isSealer) {
    const engine = sealEngine(store, parts, transport.name)
    return { engine, transport, parts, reaper: { start() {}, stop() {} } }
  }
  const reaper = reaperOf(store, report, now)
  return { engine: endingWith(storeEngine(store, parts), reaper), transport, parts, reaper }
}

/** Closing the engine stops its reaper. */
function endingWith(engine: RequestEngine, reaper: Reaper): RequestEngine {
  return {
    ...engine,
    async [Symbol.asyncDispose]() {
      reaper.stop()
      await engine[Symbol.asyncDispose]()
    },
  }
}

/** A listener that fails must not fail the request it listens to. */
function safely(report: Report): Report {
  return (event) => {
    try {
      report(event)
    } catch {
      // what a listener throws is the listener's own affair
    }
  }
}

/** The default report: warnings go to the console, once each. */
export function warnOnce(): Report {
  const said = new Set<string>()
  return (event: SessionEvent) => {
    if (event.type !== 'warning' || said.has(event.code)) return
    said.add(event.code)
    console.warn(`vitrine: ${event.message} (${event.code})`)
  }
}

function isProduction(): boolean {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }
  return process?.env?.['NODE_ENV'] === 'production'
}
