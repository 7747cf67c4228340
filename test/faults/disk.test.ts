import fs, { constants } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeIo, type Io } from '../../src/files.ts'
import { memoryDisk } from './disk.ts'
import { pick, randomFrom, type Random } from './random.ts'

let dir: string
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-'))
})
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }))

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants
const FLAGS = [
  O_RDONLY,
  O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  O_WRONLY,
  O_RDWR,
  O_WRONLY | O_CREAT | O_EXCL,
  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
  O_WRONLY | O_CREAT | O_TRUNC,
  O_RDWR | O_CREAT,
]
const PATHS = ['a', 'b', 'd', 'd/a', 'd/b', 'd/e', 'd/e/a', 'a/b', 'link', 'lost', 'to/a']

/** One operation, chosen by chance: to be done below a folder, on files opened before. */
type Step = (io: Io, below: (name: string) => string, open: number[]) => unknown

function step(random: Random): Step {
  const at = pick(random, PATHS)
  const other = pick(random, PATHS)
  const flags = pick(random, FLAGS)
  const nth = random(3)
  const text = 'abcdefgh'.slice(random(8))
  const kind = random(13)
  return (io, below, open) => {
    const fd = open[nth] ?? 9999
    const buffer = Buffer.alloc(5)
    switch (kind) {
      case 0:
      case 1:
        open.push(io.open(below(at), flags, 0o600))
        return null
      case 2:
        if (fd !== 9999) open.splice(nth, 1)
        return io.close(fd)
      case 3:
        return [io.read(fd, buffer, 1, 3), buffer.toString()]
      case 4:
        return io.write(fd, Buffer.from(text), 0, text.length)
      case 5:
        return text.length === 1 ? io.fsync(fd) : null // it takes long
      case 6:
        return facts(io.fstat(fd))
      case 7:
        return facts(io.lstat(below(at)))
      case 8:
        return io.rename(below(at), below(other))
      case 9:
        return io.unlink(below(at))
      case 10:
        return io.mkdir(below(at), 0o700)
      case 11:
        return io.rmdir(below(at))
      default:
        return io.readdir(below(at)).sort()
    }
  }
}

function facts(found: ReturnType<Io['lstat']>): unknown {
  if (!found) return null
  const file = found.isFile()
  return { file, folder: found.isDirectory(), size: file && found.size, mode: found.mode }
}

async function outcome(work: () => unknown): Promise<unknown> {
  try {
    return await work()
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    return { code, syscall }
  }
}

describe.skipIf(process.platform !== 'linux')('the disk in memory', () => {
  it('gives the results and errors of the real one, whatever is done in whatever order', async () => {
    const umask = process.umask(0)
    const seen = new Map<string, number>()
    let same = 0
    for (let seed = 1; seed <= 250; seed++) {
      const random = randomFrom(seed)
      const disk = memoryDisk()
      const real = path.join(dir, String(seed))
      fs.mkdirSync(real)
      disk.io.mkdir('/root', 0o755)
      // a link to a folder, and one that leads nowhere
      fs.symlinkSync(path.join(real, 'd'), path.join(real, 'to'))
      fs.symlinkSync(path.join(real, 'nothing/there'), path.join(real, 'link'))
      disk.link('/root/to', '/root/d')
      disk.link('/root/link', '/root/nothing/there')
      const open: [number[], number[]] = [[], []]
      for (let n = 0; n < 60; n++) {
        const go = step(random)
        const expected = await outcome(() => go(nodeIo, (name) => path.join(real, name), open[0]))
        const actual = await outcome(() => go(disk.io, (name) => `/root/${name}`, open[1]))
        if (isDeepStrictEqual(actual, expected)) same++
        else expect(actual, `seed ${seed}, step ${n}`).toEqual(expected)
        const kind = (expected as { code?: string } | null)?.code ?? 'fine'
        seen.set(kind, (seen.get(kind) ?? 0) + 1)
      }
      for (const fd of open[0]) nodeIo.close(fd)
      expect(disk.opened()).toBe(open[0].length)
    }
    process.umask(umask)
    const codes = 'EBADF EEXIST EINVAL EISDIR ELOOP ENOENT ENOTDIR ENOTEMPTY fine'
    expect([...seen.keys()].sort().join(' ')).toBe(codes)
    expect(same).toBe(250 * 60)
    expect(seen.get('fine')).toBeGreaterThan(3000)
  })

  it('reads a directory a little at a time, and has it open until then', async () => {
    const disk = memoryDisk()
    disk.io.mkdir('/d', 0o700)
    disk.put('/d/a', 'a')
    disk.put('/d/b', 'b')
    for await (const names of disk.io.entries('/d')) {
      expect(names).toEqual(['a', 'b'])
      expect(disk.opened()).toBe(1)
      break
    }
    expect(disk.opened()).toBe(0)
    await expect(disk.io.entries('/e')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'ENOENT',
    })
  })

  it('has a clock that sleeping moves, and stamps files by a coarse one', async () => {
    const { io, put } = memoryDisk()
    const before = io.elapsed()
    await io.sleep(1000)
    io.nap(500)
    expect(io.elapsed()).toBe(before + 1500)
    put('/a', '1')
    const stamp = io.lstat('/a')!.ctimeNs
    await io.sleep(40)
    put('/a', '2')
    expect(Number(io.lstat('/a')!.ctimeNs - stamp) / 1e6).toBeCloseTo(40, -1)
  })
})
