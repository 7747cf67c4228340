import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEngine, jsonStore, type SessionEvent, type Store } from '../../src/index.ts'
import { compiled } from '../compiled.ts'
import { DIALECTS, ID, NOW, type Dialect } from './dialects.ts'
import { truncated } from './file-texts.ts'
import { hastyIo, newWorld, prototypes, snapshot, type World } from './world.ts'

let world: World
beforeEach(() => {
  world = newWorld()
  fs.mkdirSync(world.dir, { mode: 0o700 })
})
afterEach(() => world.remove())

const inside = (...parts: string[]) => path.join(world.dir, ...parts)
const outside = (...parts: string[]) => path.join(world.parent, ...parts)

function engineOver(store: Store, events: SessionEvent[] = []) {
  return createEngine({ store, now: () => NOW, report: (event) => events.push(event) })
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`)
}

const canMakeDevices = (() => {
  const probe = newWorld()
  const made = spawnSync('mknod', [path.join(probe.parent, 'zero'), 'c', '1', '5']).status === 0
  probe.remove()
  return made
})()

/** What may stand where a session file should, and is no file. */
const NODES: Readonly<Record<string, (file: string, dialect: Dialect) => void>> = {
  'a link to a good session outside': (file, dialect) => {
    fs.writeFileSync(outside('good'), dialect.text())
    fs.symlinkSync(outside('good'), file)
  },
  'a relative link out of the directory': (file, dialect) => {
    fs.writeFileSync(outside('good'), dialect.text())
    fs.symlinkSync('../good', file)
  },
  'a link to a good session inside': (file, dialect) => {
    fs.writeFileSync(inside('good.txt'), dialect.text())
    fs.symlinkSync('good.txt', file)
  },
  'a link to nothing': (file) => fs.symlinkSync(outside('nothing'), file),
  'a link to itself': (file) => fs.symlinkSync(path.basename(file), file),
  'two links to each other': (file) => {
    fs.symlinkSync(path.basename(file), inside('other'))
    fs.symlinkSync('other', file)
  },
  'a chain of links': (file, dialect) => {
    fs.writeFileSync(outside('link0'), dialect.text())
    for (let n = 1; n < 9; n++) fs.symlinkSync(outside(`link${n - 1}`), outside(`link${n}`))
    fs.symlinkSync(outside('link8'), file)
  },
  'a link to zeros without end': (file) => fs.symlinkSync('/dev/zero', file),
  'a link to the terminal': (file) => fs.symlinkSync('/dev/tty', file),
  'a link to the process': (file) => fs.symlinkSync('/proc/self/environ', file),
  'a link to a directory': (file) => fs.symlinkSync(outside('beside'), file),
  'a link to a pipe': (file) => {
    run('mkfifo', outside('pipe'))
    fs.symlinkSync(outside('pipe'), file)
  },
  'a pipe': (file) => run('mkfifo', file),
  'a directory': (file) => fs.mkdirSync(file),
  'a directory with sessions in it': (file, dialect) => {
    fs.mkdirSync(file)
    fs.writeFileSync(path.join(file, dialect.file), dialect.text())
  },
  ...(canMakeDevices && {
    'a device of zeros': (file) => run('mknod', file, 'c', '1', '5'),
    'a device of nothing': (file) => run('mknod', file, 'c', '1', '3'),
  }),
  'ten gibibytes of nothing': (file) => {
    fs.writeFileSync(file, '')
    fs.truncateSync(file, 10 * 1024 ** 3)
  },
  'ten gibibytes behind a good session': (file, dialect) => {
    fs.writeFileSync(file, dialect.text())
    fs.truncateSync(file, 10 * 1024 ** 3)
  },
}

describe.each(DIALECTS)('where a session should be, in $name,', (dialect) => {
  it.each(Object.entries(NODES))(
    '%s is set aside as it is, and a new session fits in',
    async (_, make) => {
      const file = inside(dialect.file)
      const before = process.memoryUsage().rss
      make(file, dialect)
      const there = world.outside()
      const { mode, ino } = fs.lstatSync(file)
      const events: SessionEvent[] = []
      const store = dialect.open({ dir: world.dir })
      const engine = engineOver(store, events)
      expect(await engine.retrieve(ID)).toBeNull()
      const corrupt = events.filter(({ type }) => type === 'corrupt')
      expect(corrupt).toHaveLength(1)
      const kept = fs
        .readdirSync(inside('.vitrine', 'quarantine'))
        .find((name) => !name.endsWith('.reason'))
      const now = fs.lstatSync(inside('.vitrine', 'quarantine', kept as string))
      expect([now.mode, now.ino]).toEqual([mode, ino])
      expect(await engine.retrieve(ID)).toBeNull()
      const record = { data: { user: 'bob' }, createdAt: NOW, expiresAt: NOW + 1000, revision: 1 }
      expect(await store.write(ID, record, null)).toBeTypeOf('string')
      expect((await engine.retrieve(ID))?.data).toEqual({ user: 'bob' })
      expect(world.outside()).toEqual(there)
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 ** 2)
    },
  )

  it.each(Object.entries(NODES))(
    '%s is not written through, removed through or listed through',
    async (_, make) => {
      const file = inside(dialect.file)
      make(file, dialect)
      const there = world.outside()
      const store = dialect.open({ dir: world.dir })
      await store.init?.(() => {})
      const record = { data: {}, createdAt: NOW, expiresAt: NOW + 1000, revision: 1 }
      expect(await store.touch?.(ID, NOW, 'x')).toBeNull()
      expect(await store.write(ID, record, 'x')).toBeNull()
      await store.reap?.(NOW)
      for await (const id of store.ids!()) expect(id).toBe(ID)
      // what is no file may be replaced by one, but never written into; a directory cannot even be removed
      const outcome = await store.delete(ID).catch((error: unknown) => error)
      if (outcome !== undefined) expect(outcome).toMatchObject({ code: 'STORE' })
      expect(world.outside()).toEqual(there)
    },
  )

  it.each(Object.entries(NODES))(
    '%s is replaced by a new session or stays, and nothing is written through',
    async (_, make) => {
      const file = inside(dialect.file)
      make(file, dialect)
      const there = world.outside()
      const record = { data: {}, createdAt: NOW, expiresAt: NOW + 1000, revision: 1 }
      const store = dialect.open({ dir: world.dir })
      const version = await store.write(ID, record, null).catch((error: unknown) => error)
      if (typeof version === 'string') expect(fs.lstatSync(file).isFile()).toBe(true)
      else if (version !== null) expect(version).toMatchObject({ code: 'STORE' })
      expect(world.outside()).toEqual(there)
    },
  )

  it('a socket is set aside', async () => {
    const file = inside(dialect.file)
    const server = net.createServer()
    // a name of a socket may have 107 bytes
    await new Promise<void>((listening) => server.listen(outside('s'), listening))
    fs.renameSync(outside('s'), file)
    try {
      const events: SessionEvent[] = []
      expect(await engineOver(dialect.open({ dir: world.dir }), events).retrieve(ID)).toBeNull()
      expect(events.map(({ type }) => type)).toContain('corrupt')
    } finally {
      await new Promise((closed) => server.close(closed))
    }
  })

  it('a file with a second name is a session; writing leaves the other name alone', async () => {
    fs.writeFileSync(outside('other name'), dialect.text())
    fs.linkSync(outside('other name'), inside(dialect.file))
    const before = fs.readFileSync(outside('other name'), 'utf8')
    const engine = engineOver(dialect.open({ dir: world.dir }))
    const session = await engine.retrieve(ID)
    session!.data['user'] = 'bob'
    await engine.flush(session!)
    expect((await engine.retrieve(ID))?.data).toMatchObject({ user: 'bob' })
    expect(fs.readFileSync(outside('other name'), 'utf8')).toBe(before)
    await engine.destroy(session!)
    expect(fs.readFileSync(outside('other name'), 'utf8')).toBe(before)
  })

  it("another session's file under this name is none", async () => {
    const other = ID.replace('2', '3')
    fs.writeFileSync(inside(dialect.file), dialect.text({ id: other }))
    expect(await engineOver(dialect.open({ dir: world.dir })).retrieve(ID)).toBeNull()
  })

  it('a file at its bound is a session, and one byte longer is none', async () => {
    const text = dialect.text()
    const file = inside(dialect.file)
    const maxBytes = Buffer.byteLength(text) + 100
    const engine = engineOver(dialect.open({ dir: world.dir, maxBytes }))
    fs.writeFileSync(file, text + '\n'.repeat(100))
    expect((await engine.retrieve(ID))?.data).toMatchObject({ user: 'ada' })
    fs.appendFileSync(file, '\n')
    expect(await engine.retrieve(ID)).toBeNull()
    expect(fs.existsSync(file)).toBe(false)
  })

  it('a good file cut off anywhere is never taken for what it was not', async () => {
    const engine = engineOver(dialect.open({ dir: world.dir, io: hastyIo() }))
    const readAs = async (content: string | Buffer) => {
      fs.writeFileSync(inside(dialect.file), content)
      return (await engine.retrieve(ID))?.data ?? null
    }
    const whole = Object.keys((await readAs(dialect.text())) ?? {})
    for (const { name, content, fate } of truncated(dialect)) {
      const data = await readAs(content)
      if (dialect.name.toLowerCase().includes('json')) {
        expect(data === null ? 'aside' : 'session', name).toBe(fate)
        continue
      }
      // YAML has no end: a part may be a session, of what stands in the part
      for (const key of Object.keys(data ?? {})) expect(whole).toContain(key)
    }
  })

  it('poison is plain data, and goes through a write as that', async () => {
    const before = prototypes()
    const poison =
      '{"__proto__":{"admin":"1"},"a":{"constructor":{"prototype":{"admin":"1"}}},"b":[{"__proto__":"x"}]}'
    fs.writeFileSync(inside(dialect.file), dialect.around(poison))
    const engine = engineOver(dialect.open({ dir: world.dir }))
    const session = await engine.retrieve(ID)
    const data = () => JSON.stringify(session!.data)
    expect(data()).toContain(poison)
    session!.data['more'] = 'x'
    await engine.flush(session!)
    expect(JSON.stringify((await engine.retrieve(ID))!.data)).toContain('"__proto__":{"admin":"1"}')
    expect(prototypes()).toBe(before)
    expect(Object.getPrototypeOf(session!.data)).toBe(Object.prototype)
  })

  it('foreign files are left alone by listing, sweeping and wiping', async () => {
    const { extension } = /^(?<name>.*)(?<extension>\..*)$/.exec(dialect.file)!.groups as {
      extension: string
    }
    const names = [
      ...['README.md', '.gitkeep', '.htaccess', '.env', 'notes.txt', 'sessions.db', 'core', '~'],
      ...[`${ID}.txt`, `${ID}${extension}.bak`, `${ID}${extension}~`, `.${ID}${extension}.swp`],
      ...[
        `#${ID}${extension}#`,
        `${ID}.JSON5`,
        ID,
        extension,
        `-${ID}${extension}`,
        `${ID} ${extension}`,
      ],
      ...[
        `${ID}\n${extension}`,
        `\u00e9${ID}${extension}`,
        `${ID}.${extension}`,
        `${'a'.repeat(129)}${extension}`,
      ],
    ]
    for (const name of names)
      fs.writeFileSync(inside(name), dialect.text({ expires: '2000-01-01' }))
    fs.mkdirSync(inside('folder', 'deeper'), { recursive: true })
    fs.writeFileSync(inside('folder', dialect.file), dialect.text({ expires: '2000-01-01' }))
    fs.symlinkSync(outside('victim.json'), inside(`.${dialect.file}`))
    const theirs = snapshot(world.dir)
    const store = dialect.open({ dir: world.dir })
    await store.init?.(() => {})
    fs.writeFileSync(inside(dialect.file), dialect.text())
    const listed: string[] = []
    for await (const id of store.ids!()) listed.push(id)
    expect(listed).toEqual([ID])
    expect(await store.reap!(NOW + 10_000_000)).toBe(1)
    await store.wipe!()
    const left = snapshot(world.dir, [inside('.vitrine'), inside('.gitignore')])
    expect(left).toEqual(theirs)
    expect(names.length).toBeGreaterThan(20)
  })
})

describe('a session directory', () => {
  it('four of whose sessions are pipes keeps the others quick', async () => {
    const ids = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(32))
    for (const id of ids) run('mkfifo', inside(`${id}.json`))
    const engine = engineOver(jsonStore(world.dir))
    const good = await engine.create({ user: 'ada' })
    const all = await Promise.all([...ids, good.id].map((id) => engine.retrieve(id)))
    expect(all.map((session) => session?.data ?? null)).toEqual([
      null,
      null,
      null,
      null,
      { user: 'ada' },
    ])
  })

  it('whose .vitrine is a link is refused before anything goes through it', async () => {
    fs.mkdirSync(outside('beside', 'tmp'))
    fs.writeFileSync(outside('beside', 'tmp', 'old'), 'precious')
    fs.utimesSync(outside('beside', 'tmp', 'old'), 1, 1)
    fs.symlinkSync(outside('beside'), inside('.vitrine'))
    const there = world.outside()
    const engine = engineOver(jsonStore(world.dir))
    const refused = { code: 'CONFIG', message: expect.stringContaining('.vitrine') as string }
    await expect(engine.create({ user: 'ada' })).rejects.toMatchObject(refused)
    await expect(engine.reset()).rejects.toMatchObject(refused)
    expect(world.outside()).toEqual(there)
  })

  it.each(['tmp', 'locks', 'quarantine'])(
    'whose .vitrine/%s is a link is refused',
    async (name) => {
      fs.mkdirSync(inside('.vitrine'))
      fs.symlinkSync(outside('beside'), inside('.vitrine', name))
      const there = world.outside()
      const engine = engineOver(jsonStore(world.dir))
      await expect(engine.create({})).rejects.toMatchObject({ code: 'CONFIG' })
      expect(world.outside()).toEqual(there)
    },
  )

  it('keeps both of two files that were set aside in the same millisecond', async () => {
    const io = { ...hastyIo(), now: () => NOW }
    const store = jsonStore({ dir: world.dir, io })
    await store.init!(() => {})
    for (const text of ['one', 'two', 'three']) {
      fs.writeFileSync(inside(`${ID}.json`), text)
      expect(await store.read(ID)).toBeNull()
    }
    const quarantine = inside('.vitrine', 'quarantine')
    const kept = fs.readdirSync(quarantine).filter((name) => !name.endsWith('.reason'))
    const texts = kept.map((name) => fs.readFileSync(path.join(quarantine, name), 'utf8'))
    expect(texts.sort()).toEqual(['one', 'three', 'two'])
  })

  it('in which a file becomes a pipe after it was looked at keeps nobody waiting', async () => {
    const { id } = await engineOver(jsonStore(world.dir)).create({ user: 'ada' })
    const script = `
      import fs from 'node:fs'
      import { spawnSync } from 'node:child_process'
      const [door, dir, id] = process.argv.slice(1)
      const { jsonStore, nodeIo } = await import(door)
      const file = dir + '/' + id + '.json'
      const open = (name, flags, mode) => {
        if (name === file && fs.lstatSync(file).isFile()) {
          fs.rmSync(file)
          spawnSync('mkfifo', [file])
        }
        return nodeIo.open(name, flags, mode)
      }
      const store = jsonStore({ dir, io: { ...nodeIo, open } })
      console.log(JSON.stringify(await store.read(id)))`
    const door = pathToFileURL(path.join(compiled(), 'files.js')).href
    const args = ['--input-type=module', '--eval', script, door, world.dir, id]
    const { signal, stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect({ signal, stdout, stderr }).toEqual({ signal: null, stdout: 'null\n', stderr: '' })
  })

  it.each(['[', '- ', '{a: ', '? ', '- ? ', '{? ', 'a: ['])(
    'of YAML files that are nothing but %j does not end the process',
    (piece) => {
      // where the stack ends V8 may have to compile a regular expression, and gives up; only a new process shows it
      const script = `
      const [door, dir, id] = process.argv.slice(1)
      const { yamlStore } = await import(door)
      const store = yamlStore(dir)
      for (let times = 0; times < 3; times++) console.log(await store.read(id))`
      fs.writeFileSync(inside(`${ID}.yml`), piece.repeat(1000))
      const door = pathToFileURL(path.join(compiled(), 'files.js')).href
      const args = ['--input-type=module', '--eval', script, door, world.dir, ID]
      const { signal, stdout } = spawnSync(process.execPath, args, {
        encoding: 'utf8',
        timeout: 20_000,
      })
      expect({ signal, stdout }).toEqual({ signal: null, stdout: 'null\nnull\nnull\n' })
    },
  )
})
