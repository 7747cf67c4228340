// What a process holds, counted: to be compared with what it held before.
import { channel } from 'node:diagnostics_channel'
import { readdirSync, readlinkSync } from 'node:fs'

const timers = new Set()
for (const name of ['setTimeout', 'setInterval']) {
  const make = globalThis[name]
  globalThis[name] = (...args) => {
    const timer = make(...args)
    timers.add(timer)
    return timer
  }
}

/** Timers that will still go off, also those that keep no process alive. */
function ticking() {
  for (const timer of timers) if (timer._destroyed) timers.delete(timer)
  return timers.size
}

function descriptors() {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).replace(/:\[\d+\]$/, '')
    } catch {
      return 'this listing itself'
    }
  })
  return tally(links)
}

export function listeners(emitter) {
  const counts = emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)])
  return Object.fromEntries(counts.filter(([, count]) => count > 0).sort())
}

function tally(names) {
  const counts = {}
  for (const name of [...names].sort((a, b) => (a < b ? -1 : 1)))
    counts[name] = (counts[name] ?? 0) + 1
  return counts
}

const events = channel('vitrine:session')

// Node opens them at the first word that is said
void process.stdout
void process.stderr

/** All of it. */
export function census() {
  return {
    descriptors: descriptors(),
    timers: ticking(),
    resources: tally(process.getActiveResourcesInfo()),
    threads: readdirSync('/proc/self/task').length,
    listeners: listeners(process),
    subscribers: events.hasSubscribers,
  }
}

export const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Lets go of what nobody holds. */
export async function rest() {
  for (let times = 0; times < 2; times++) {
    await turn()
    globalThis.gc()
  }
}

/** Whether nothing is there that was not there before. */
function isWithin(now, before) {
  if (typeof now === 'number') return now <= (before ?? 0)
  if (typeof now !== 'object') return now === before
  return Object.entries(now).every(([name, part]) => isWithin(part, before?.[name] ?? 0))
}

/** Waits until all that goes by itself has gone: connections, and the second for which HTTP keeps its date. */
export async function settled(before) {
  const until = performance.now() + 10_000
  for (;;) {
    await rest()
    const now = census()
    if (isWithin(now, before) || performance.now() > until) return now
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
