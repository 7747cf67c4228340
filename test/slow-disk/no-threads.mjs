// A bundler that left the thread's file out: every thread ends before it began.
import { syncBuiltinESMExports } from 'node:module'
import threads from 'node:worker_threads'

const { Worker } = threads
threads.Worker = class extends Worker {
  constructor() {
    super(new URL('file:///nowhere/aside-thread.js'))
  }
}
syncBuiltinESMExports()
