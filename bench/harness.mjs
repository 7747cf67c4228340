// What the benches share: the command line, a directory that goes away, rounds, medians, tables, the machine's facts.
import { execFileSync, fork } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const here = import.meta.dirname

/** `[NUMBER …] [--rounds N] [--dir DIR] [--only WORD]`: what every bench takes. */
export function commandLine(defaults = {}) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: 'string' }, dir: { type: 'string' }, only: { type: 'string' } },
  })
  const numbers = positionals.map(positive)
  const rounds = values.rounds === undefined ? (defaults.rounds ?? 5) : positive(values.rounds)
  const word = (values.only ?? '').toLowerCase()
  const isWanted = (name) => name.toLowerCase().includes(word)
  return { numbers, rounds, dir: workspace(values.dir ?? os.tmpdir()), isWanted }
}

function positive(text) {
  const number = Number(text.replaceAll('_', ''))
  if (Number.isInteger(number) && number > 0) return number
  console.error(`"${text}" is no number of something`)
  process.exit(2)
}

const stop = () => process.exit(130)

/** A new directory under `parent`, removed when the process ends, however it ends. */
function workspace(parent) {
  fs.mkdirSync(parent, { recursive: true })
  const dir = fs.mkdtempSync(path.join(fs.realpathSync(parent), 'vitrine-bench-'))
  process.on('exit', () => {
    for (const child of children) end(child)
    fs.rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) process.on(signal, stop)
  return dir
}

/** A peer that cannot be had here; the message says why. */
export class Absent extends Error {}

/** Opens each peer; those that cannot be had become a note. */
export async function openAll(peers, open, notes) {
  const opened = []
  for (const peer of peers) {
    try {
      opened.push({ ...peer, ...(await open(peer)) })
    } catch (error) {
      if (!(error instanceof Absent)) throw error
      notes.push(`left out: ${peer.name} (${error.message})`)
    }
  }
  return opened
}

/**
 * Runs all cells once per round, so that whatever else the machine does hits all alike. Every other round goes
 * backwards, so that nobody always comes after the same neighbour.
 * @returns the results of each cell, one per round
 */
export async function interleave(rounds, cells, measure) {
  const results = new Map(cells.map((cell) => [cell, []]))
  let done = 0
  for (let round = 0; round < rounds; round++) {
    for (const cell of round % 2 === 0 ? cells : cells.toReversed()) {
      progress(`${++done} of ${rounds * cells.length}  ${cell.label}`)
      results.get(cell).push(await measure(cell))
    }
  }
  progress()
  return results
}

/** A line that is written over, for whoever watches. */
export function progress(text = '') {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

export const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]

/** Three digits that mean something. */
export function digits(number, how = {}) {
  if (number === undefined || Number.isNaN(number)) return '-'
  const size = Math.abs(number)
  const places = size < 0.1 ? 3 : size < 1 ? 2 : size < 10 ? 1 : 0
  return number.toLocaleString('en-US', {
    ...how,
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  })
}

export const times = (ratio) =>
  ratio === undefined || Number.isNaN(ratio) ? '-' : `${digits(ratio)}x`

/** Rows as a Markdown table, aligned for the terminal as well: words to the left, figures to the right. */
export function table(rows) {
  const columns = Object.keys(rows[0])
  const body = rows.map((row) => columns.map((column) => String(row[column] ?? '-')))
  const isFigure = columns.map((_, n) => body.every((row) => /^[-+~\d/]/.test(row[n])))
  const widths = columns.map((name, n) =>
    Math.max(3, name.length, ...body.map((row) => row[n].length)),
  )
  const line = (row) => {
    const padded = row.map((text, n) =>
      isFigure[n] ? text.padStart(widths[n]) : text.padEnd(widths[n]),
    )
    return `| ${padded.join(' | ')} |`
  }
  const rule = widths.map((width, n) =>
    isFigure[n] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  )
  return [line(columns), `| ${rule.join(' | ')} |`, ...body.map(line)].join('\n')
}

/** The version of an installed peer. */
export function versionOf(name) {
  const manifest = path.join(here, 'node_modules', name, 'package.json')
  return JSON.parse(fs.readFileSync(manifest, 'utf8')).version
}

/** A peer's name with its version. */
export const named = (name) => `${name} ${versionOf(name)}`

/** The first of these programs that is installed. */
export function onPath(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
      const file = path.join(folder, name)
      if (fs.existsSync(file)) return file
    }
  }
  return null
}

/** What a program says when it is asked something; null when it fails. */
export function ask(command, ...args) {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}

/** Where a figure comes from: figures without this mean nothing. */
export function facts(dir, rounds) {
  const { version } = JSON.parse(fs.readFileSync(path.join(here, '..', 'package.json'), 'utf8'))
  const cpus = os.cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    vitrine: version,
    node: process.version,
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    system: `${os.type()} ${os.release()}`,
    files: fileSystemOf(dir),
    load: os.loadavg()[0].toFixed(1),
    rounds,
  }
}

/** The kind of file system a directory is on. Whether ext4 has a journal changes what a rename costs. */
function fileSystemOf(dir) {
  let mounts
  try {
    mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n')
  } catch {
    return 'unknown'
  }
  const all = mounts.map((line) => {
    const [left, right] = line.split(' - ')
    const [type, source] = right.split(' ')
    return { at: left.split(' ')[4].replaceAll('\\040', ' '), type, source }
  })
  const under = ({ at }) => at === '/' || dir === at || dir.startsWith(`${at}/`)
  const { type, source } = all
    .filter(under)
    .toSorted((a, b) => a.at.length - b.at.length)
    .at(-1)
  if (type !== 'ext4') return type
  const device = path.basename(fs.existsSync(source) ? fs.realpathSync(source) : rootDevice(dir))
  const journals = fs.existsSync('/proc/fs/jbd2') ? fs.readdirSync('/proc/fs/jbd2') : []
  return journals.some((name) => name.startsWith(`${device}-`)) ? type : `${type} without a journal`
}

/** The device's name in the kernel, where the mount says `/dev/root`. */
function rootDevice(dir) {
  const { dev } = fs.statSync(dir)
  const numbers = `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`
  try {
    return fs.readlinkSync(`/sys/dev/block/${numbers}`)
  } catch {
    return 'unknown'
  }
}

/**
 * Prints what a bench found. The process that runs all benches gets the raw figures as well, for `--json`.
 * @param sections each has a `title` and `rows`
 * @param rounds absent: this is not about time
 * @param results the raw figures, all rounds
 */
export async function report({ bench, title, dir, rounds, sections, notes, results }) {
  const where = facts(dir, rounds)
  const lines = [`## ${bench}: ${title}`, '']
  lines.push(
    `${where.date}, vitrine ${where.vitrine}, Node ${where.node}, ${where.cpu}, ${where.cores} cores, ${where.system},`,
    `files on ${where.files}, load ${where.load} at the end${rounds ? `, ${rounds} interleaved rounds, medians` : ''}.`,
  )
  for (const section of sections) lines.push('', section.title, '', table(section.rows))
  if (notes.length > 0) lines.push('', ...notes.map((note) => `- ${note}`))
  console.log(`${lines.join('\n')}\n`)
  if (process.connected) {
    await new Promise((sent) => process.send({ bench, facts: where, notes, results }, sent))
    process.off('disconnect', stop).disconnect()
  }
}

/** Data of about so many bytes as JSON, of the kind that sessions hold. */
export function dataOf(bytes) {
  const data = { user: { id: 1815, name: 'Ada Lovelace', role: 'customer' }, cart: [] }
  while (JSON.stringify(data).length < bytes) {
    data.cart.push({
      sku: `VIT-${data.cart.length}`,
      title: 'Display case, oak',
      qty: 1,
      price: 129,
    })
  }
  return data
}

/** Does a job so many times, some at once. */
export async function inLanes(lanes, count, job) {
  let next = 0
  const lane = async () => {
    while (next < count) await job(next++)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

const children = new Set()

/**
 * Starts a program of `children/` in a process of its own. It and all that it started end before the directory goes,
 * so that nobody writes there any longer.
 */
export function start(program, args = [], options = {}) {
  const child = fork(path.join(here, 'children', program), args, { ...options, detached: true })
  children.add(child)
  child.on('exit', () => children.delete(child))
  return child
}

function end(child) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
}

/** The next message of a child; fails when the child has ended, or ends instead. */
export function answerOf(child, name = child.spawnargs.join(' ')) {
  return new Promise((resolve, reject) => {
    const ended = (code, signal) =>
      reject(new Error(`A child ended with ${signal ?? code}: ${name}`))
    const { exitCode, signalCode } = child
    if (exitCode !== null || signalCode !== null) return ended(exitCode, signalCode)
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message)
    })
  })
}
