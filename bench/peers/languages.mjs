// Sessions in files in other languages. Each program measures itself; one after another only.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Absent, ask, onPath } from '../harness.mjs'

/**
 * The program reads lines `OPERATION BUSY ALL COUNT` and answers each with microseconds per operation, or `-` when it
 * has no such operation. It stops after so many ms of the operation itself, so many ms of all, or so many operations.
 * It gets the directory and the data, as JSON, in its environment.
 */
const program = (name, facts, find) => ({
  name,
  copy: 'each time',
  ...facts,
  async open(dir, data) {
    const { title, command, args } = find()
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, BENCH_DIR: dir, BENCH_DATA: JSON.stringify(data) },
    })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    return {
      name: title,
      async measure(operation, { busy, all, count }) {
        child.stdin.write(`${operation} ${busy} ${all} ${count}\n`)
        const { value, done } = await lines.next()
        if (done) throw new Error(`${title} ended at ${operation}`)
        return value === '-' ? undefined : Number(value)
      },
      close: () => child.stdin.end(),
    }
  },
})

const script = (file) => new URL(file, import.meta.url).pathname

export const languages = [
  program('PHP, files', { fsync: 'no', others: 'yes' }, () => {
    const command = onPath('php')
    if (!command) throw new Absent('no php on the PATH')
    const version = ask(command, '-r', 'session_id("a"); echo PHP_VERSION;')
    if (!version) throw new Absent('this php has no sessions')
    const args = ['-d', 'default_socket_timeout=-1', script('sessions.php')] // it waits for its turns
    return { title: `PHP ${version}, files`, command, args }
  }),
  program('Perl, Dancer::Session::YAML', { fsync: 'no', others: 'yes' }, () => {
    const command = onPath('perl')
    if (!command) throw new Absent('no perl on the PATH')
    const version = ask(command, '-MDancer', '-MYAML', '-e', 'print $Dancer::VERSION')
    if (!version) throw new Absent('this perl has no Dancer or no YAML')
    return {
      title: `Perl, Dancer::Session::YAML ${version}`,
      command,
      args: [script('sessions.pl')],
    }
  }),
]
