import { channel } from 'node:diagnostics_channel'
import type { Report } from '../core/events.ts'
import { warnOnce } from '../sessions/defaults.ts'

/** Where session events are published in this process, for any subscriber. */
const events = channel('vitrine:session')

/**
 * Also publishes each event on the `node:diagnostics_channel` named `vitrine:session`, when somebody listens:
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel'
 * subscribe('vitrine:session', (event) => console.log(event))
 * ```
 * @param report hears each event as before. Default: warnings go to the console, once each
 */
export function withDiagnostics(report: Report = warnOnce()): Report {
  return (event) => {
    if (events.hasSubscribers) events.publish(event)
    report(event)
  }
}
