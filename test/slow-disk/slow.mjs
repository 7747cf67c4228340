// Makes the disk slow while the file SLOW_WHILE exists, in every thread of the process that imports this, and
// counts how often a thread waited for it.
import fs from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const clock = new Int32Array(new SharedArrayBuffer(4))
const { existsSync } = fs
globalThis.waited = 0

for (const name of ['renameSync', 'openSync']) {
  const quick = fs[name]
  fs[name] = (...args) => {
    if (String(args[0]).includes('slow-sessions') && existsSync(process.env.SLOW_WHILE)) {
      Atomics.wait(clock, 0, 0, 20)
      if (isMainThread) globalThis.waited++
    }
    return quick(...args)
  }
}
