import { channel } from 'node:diagnostics_channel'
import type { Report } from '../core/events.ts'

/** Where session events are published in this process, for any subscriber. */
const events = channel('vitrine:session')

/**
 * Also publishes each event on the `node:diagnostics_channel` named `vitrine:session`, when somebody listens:
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel'
 * subscribe('vitrine:session', (event) => console.log(event))
 * ```
 * @param report hears each event as before. Default: warnings become warnings of the process, once each
 */
export function withDiagnostics(report: Report = emitWarnings()): Report {
  return (event) => {
    if (events.hasSubscribers) events.publish(event)
    report(event)
  }
}

function emitWarnings(): Report {
  const said = new Set<string>()
  return (event) => {
    if (event.type !== 'warning' || said.has(event.code)) return
    said.add(event.code)
    process.emitWarning(event.message, { type: 'VitrineWarning', code: event.code })
  }
}
