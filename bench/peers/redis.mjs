// A Redis of our own on a Unix socket, that keeps everything in memory.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RedisStore } from 'connect-redis'
import { createClient } from 'redis'
import { Absent, onPath } from '../harness.mjs'

export async function startRedis() {
  const program = onPath('redis-server', 'valkey-server')
  if (!program) throw new Absent('no redis-server or valkey-server on the PATH')
  // the path of a socket must be short
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-redis-'))
  const socket = path.join(dir, 'socket')
  const options = { port: '0', unixsocket: socket, dir, save: '', appendonly: 'no' }
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  const server = spawn(program, words, { stdio: 'ignore' })
  let ended = false
  server.on('error', () => (ended = true)).on('exit', () => (ended = true))
  const close = () => {
    server.kill()
    fs.rmSync(dir, { recursive: true, force: true })
  }
  process.on('exit', close)
  for (let tries = 0; !fs.existsSync(socket); tries++) {
    if (ended || tries > 500) throw new Absent(`${path.basename(program)} does not start`)
    await sleep(20)
  }
  return { socket, close }
}

export async function redisStore(socket) {
  const client = createClient({ socket: { path: socket } })
  await client.connect()
  return { store: new RedisStore({ client }), close: () => client.destroy() }
}
