import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { yamlStore } from '../../src/stores/file/yaml-store.ts'
import { place, type Place } from './world.ts'

let here: Place
let ada: string
let guest: string

beforeEach(async () => {
  here = await place()
  guest = await here.add({ cart: [1], lastPath: '/shop' }, { age: 120_000 })
  ada = await here.add(
    {
      user: { email: 'ada@lovelace.dev', role: 'admin' },
      cart: { items: [1, 2], total: 260.9 },
      csrfToken: 'd81f',
    },
    { age: 2000, revision: 14, flash: { notice: 'Saved' } },
  )
})

describe('ls', () => {
  it('is a table on a terminal, newest first, with what stands where in words', async () => {
    const { exit, out, err } = await here.run(['ls'], { terminal: 'oe', columns: 80 })
    expect(out.split('\n')).toEqual([
      'ID        USER              KEYS                      SIZE  CHANGED  EXPIRES',
      `${ada.slice(0, 8)}  ada@lovelace.dev  cart[2] csrfToken flash  ${size(ada)}      2 s   2 h 00`,
      `${guest.slice(0, 8)}  –                 cart[1] lastPath         ${size(guest)}    2 min   2 h 00`,
      '',
    ])
    expect(err).toBe('2 sessions in ./sessions (file)\n')
    expect(exit).toBe(0)
  })

  it('is untruncated and separated by tabs in a pipe, and says nothing else', async () => {
    const { out, err } = await here.run(['ls'])
    const [first] = out.split('\n') as [string]
    const { mtimeMs } = lstatSync(here.fileOf(ada), { bigint: true })
    const changed = new Date(Number(mtimeMs)).toISOString()
    const facts = JSON.parse(readFileSync(here.fileOf(ada), 'utf8')) as { expires: string }
    expect(first.split('\t')).toEqual([
      ada,
      'ada@lovelace.dev',
      'cart[2] csrfToken flash',
      String(lstatSync(here.fileOf(ada)).size),
      changed,
      facts.expires,
    ])
    expect(err).toBe('')
  })

  it('has colours only where they are wanted', async () => {
    const env = { NO_COLOR: undefined, TERM: 'xterm' }
    const coloured = await here.run(['ls'], { terminal: 'oe', env })
    expect(coloured.out).toContain('\u001b[1m')
    for (const without of [
      here.run(['ls', '--no-color'], { terminal: 'oe', env }),
      here.run(['ls'], { terminal: 'oe', env: { ...env, TERM: 'dumb' } }),
      here.run(['ls'], { env }),
    ]) {
      expect((await without).out).not.toContain('\u001b')
    }
    expect((await here.run(['ls'], { env: { ...env, FORCE_COLOR: '1' } })).out).not.toContain(
      '\u001b',
    )
  })

  it('prints one JSON array, or a document a line, or ids', async () => {
    const { out } = await here.run(['ls', '--json'])
    const documents = JSON.parse(out) as Record<string, unknown>[]
    expect(documents.map(({ id }) => id)).toEqual([ada, guest])
    expect(documents[0]).toMatchObject({
      user: 'ada@lovelace.dev',
      revision: 14,
      path: here.fileOf(ada),
      flash: { notice: 'Saved' },
      data: { csrfToken: '••••••••', cart: { total: 260.9 } },
    })
    const lines = (await here.run(['ls', '--ndjson', '--reveal'])).out.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toHaveLength(2)
    expect(lines[0]).toContain('"csrfToken":"d81f"')
    expect((await here.run(['ls', '-q'])).out).toBe(`${ada}\n${guest}\n`)
  })

  it('takes a query, an order, a number and columns', async () => {
    expect((await here.run(['ls', '-q', 'user.role:admin', 'cart.total>100'])).out).toBe(`${ada}\n`)
    expect((await here.run(['ls', '-q', '-flash'])).out).toBe(`${guest}\n`)
    expect((await here.run(['ls', '-q', '--where', 'cart.total > 100'])).out).toBe(`${ada}\n`)
    expect((await here.run(['ls', '-q', '--sort', 'size', '-n', '1'])).out).toBe(`${ada}\n`)
    expect((await here.run(['ls', '--columns', 'revision,cart.total,csrfToken'])).out).toBe(
      '14\t260.9\t••••••••\n1\t\t\n',
    )
    expect((await here.run(['ls', '--sort', 'colour'])).exit).toBe(2)
    expect((await here.run(['ls', '-n', '0'])).exit).toBe(2)
  })

  it('leaves out what is over or was renewed, and says so', async () => {
    const over = await here.add({ user: 'bob' }, { expiresAt: here.now - 1000 })
    const renewed = await here.add({}, { retired: true })
    const { out, err } = await here.run(['ls', '-q'], { terminal: 'e' })
    expect(out).toBe(`${ada}\n${guest}\n`)
    expect(err).toBe('2 sessions in ./sessions (file) · 2 over: --expired\n')
    const all = (await here.run(['ls', '-q', '--expired'])).out
    expect(all).toContain(over)
    expect(all).toContain(renewed)
  })

  it('names a file that is no session, and lists the others', async () => {
    writeFileSync(here.fileOf('a'.repeat(32)), '{')
    const { exit, out, err } = await here.run(['ls', '-q'])
    expect(out).toBe(`${ada}\n${guest}\n`)
    expect(err).toBe(`! ${'a'.repeat(32)}.json is unreadable: it does not parse\n`)
    expect(exit).toBe(0)
  })

  it('keeps values from commanding the terminal', async () => {
    await here.add(
      { user: '\u001b]52;c;aGk=\u0007\u202eevil', ['\u009b2J']: 1, note: '\u0085' },
      { age: 0 },
    )
    const runs = [
      here.run(['ls'], { terminal: 'o' }),
      here.run(['ls']),
      here.run(['ls', '--json']),
      here.run(['show', '@last'], { terminal: 'o' }),
      here.run(['show', '@last']),
      here.run(['show', '@last', '--flat']),
      here.run(['rm', '@last']),
    ]
    for (const { out, err } of await Promise.all(runs)) {
      expect(out.replaceAll(/[\n\t]/g, '') + err.replaceAll('\n', '')).not.toMatch(
        /[\p{Cc}\p{Cf}]/u,
      )
    }
  })
})

describe('show', () => {
  it('lays the session out on a terminal, secrets hidden', async () => {
    const { out } = await here.run(['show', ada.slice(0, 6)], { terminal: 'o', columns: 100 })
    expect(out.split('\n')).toEqual([
      `ada@lovelace.dev  ${ada}  r14 · ${lstatSync(here.fileOf(ada)).size} B · expires in 2 h 00`,
      'user',
      '  email  "ada@lovelace.dev"',
      '  role   "admin"',
      'cart',
      '  items  [2] 1, 2',
      '  total  260.9',
      'csrfToken  ••••••••  --reveal shows it',
      'flash',
      '  notice  "Saved"',
      '',
    ])
  })

  it('gives one value for a script', async () => {
    expect((await here.run(['show', ada, 'user.email'])).out).toBe('ada@lovelace.dev\n')
    expect((await here.run(['show', ada, 'cart.total'])).out).toBe('260.9\n')
    expect((await here.run(['show', ada, 'cart.items', '--json'])).out).toBe('[\n  1,\n  2\n]\n')
    expect((await here.run(['show', ada, 'csrfToken'])).out).toBe('••••••••\n')
    expect((await here.run(['show', ada, 'csrfToken', '--reveal'])).out).toBe('d81f\n')
    expect((await here.run(['show', ada, 'flash.notice'])).out).toBe('Saved\n')
    expect((await here.run(['show', ada, 'cart.nothing'])).exit).toBe(3)
  })

  it('gives a line a value, flat or for a program', async () => {
    expect((await here.run(['show', guest])).out).toBe('cart[0]\t1\nlastPath\t"/shop"\n')
    expect((await here.run(['show', guest, '--flat'])).out).toBe(
      'cart[0] = 1\nlastPath = "/shop"\n',
    )
  })

  it('gives the bytes of the file, never masked', async () => {
    const { out } = await here.run(['show', ada, '--raw'], { terminal: 'oe' })
    expect(out).toBe(readFileSync(here.fileOf(ada), 'utf8'))
    expect(out).toContain('d81f')
  })

  it('gives the bytes of a file that is no session', async () => {
    writeFileSync(here.fileOf('a'.repeat(32)), '{ oh')
    expect(await here.run(['show', 'aaaa', '--raw'])).toEqual({ exit: 0, out: '{ oh', err: '' })
    const { exit, err } = await here.run(['show', 'aaaa'])
    expect(exit).toBe(6)
    expect(err).toContain('it does not parse')
  })

  it.skipIf(process.platform === 'win32')('does not follow a link', async () => {
    writeFileSync(join(here.cwd, 'passwords'), 'root')
    symlinkSync(join(here.cwd, 'passwords'), here.fileOf('b'.repeat(32)))
    const { exit, out } = await here.run(['show', 'bbbb', '--raw'])
    expect([exit, out]).toEqual([6, ''])
  })
})

describe('a reference', () => {
  it('is an id, the beginning of one, a place in the list, or a file', async () => {
    const path = here.fileOf(guest)
    for (const ref of [
      guest,
      guest.slice(0, 4),
      '@2',
      path,
      `sessions/${guest}.json`,
      `${guest}.json`,
    ]) {
      expect((await here.run(['show', ref, 'lastPath'])).out).toBe('/shop\n')
    }
    expect((await here.run(['show', '@last', 'user.role'])).out).toBe('admin\n')
  })

  it('comes from standard input', async () => {
    const { out: json } = await here.run(['show', guest, '--json'])
    for (const stdin of [`${guest}\n`, json, `["${guest}"]`]) {
      expect((await here.run(['show', '-', 'lastPath'], { stdin })).out).toBe('/shop\n')
    }
    expect((await here.run(['show', '-'], { stdin: `${ada}\n${guest}\n` })).exit).toBe(2)
    expect((await here.run(['show', '-'], { stdin: '' })).exit).toBe(3)
  })

  it('that fits several says which, and how much more it takes', async () => {
    await here.add({ user: 'hedy' }, { id: `zzzzab${'c'.repeat(26)}` })
    await here.add({}, { id: `zzzzac${'c'.repeat(26)}` })
    const { exit, err } = await here.run(['show', 'zzzz'])
    expect(exit).toBe(3)
    expect(err).toMatch(
      /^✗ "zzzz" fits 2 sessions: zzzza[bc]cc.*\n  Give 2 more characters   exit 3\n$/,
    )
    expect(err).toContain('zzzzabcc (hedy)')
  })

  it('must be long enough not to hit by chance', async () => {
    await here.add({}, { id: 'z'.repeat(32) })
    const { exit, err } = await here.run(['show', 'zzz'])
    expect([exit, err]).toEqual([
      3,
      '✗ "zzz" fits 1 session: zzzzzzzz\n  Give one more character   exit 3\n',
    ])
  })

  it.each([['nobody'], ['@9'], ['']])('%j leads nowhere', async (ref) => {
    expect((await here.run(['show', ref])).exit).toBe(3)
  })

  it('to a file elsewhere says how to get there', async () => {
    const { exit, err } = await here.run(['show', `/elsewhere/${guest}.json`])
    expect(exit).toBe(3)
    expect(err).toContain('vitrine --store file:/elsewhere show')
  })
})

describe('where', () => {
  const storeOf = async (argv: string[], env: Record<string, string> = {}, cwd = here.cwd) =>
    (await here.run(['where', ...argv], { env, cwd })).out.trimEnd().split('\t')

  it('finds the store in this order, and says why', async () => {
    const { cwd, dir } = here
    expect(await storeOf([])).toEqual([`file:${dir}`, 'it holds session files'])

    writeFileSync(
      join(cwd, 'config.yml'),
      'appname: "Shop"\nsession: "YAML"  # shared\nsession_dir: perl\n',
    )
    expect(await storeOf([])).toEqual([
      `dancer-yaml:${join(cwd, 'perl')}`,
      './config.yml says session: YAML',
    ])

    writeFileSync(join(cwd, 'package.json'), '{ "vitrine": { "store": "yaml:web" } }')
    expect(await storeOf([])).toEqual([
      `yaml:${join(cwd, 'web')}`,
      '"vitrine" in ./package.json names it',
    ])

    const env = { VITRINE_STORE: 'dancer:env' }
    expect(await storeOf([], env)).toEqual([`dancer:${join(cwd, 'env')}`, 'VITRINE_STORE names it'])
    expect(await storeOf(['--store', 'file:flag'], env)).toEqual([
      `file:${join(cwd, 'flag')}`,
      '--store names it',
    ])
  })

  it('looks upward for what is relative to its file', async () => {
    writeFileSync(join(here.cwd, 'package.json'), '{ "vitrine": "file:sessions" }')
    const deep = join(here.cwd, 'src', 'deep')
    mkdirSync(deep, { recursive: true })
    expect((await storeOf([], {}, deep))[0]).toBe(`file:${here.dir}`)
  })

  it('takes the environment’s settings of a Dancer app over the general ones', async () => {
    mkdirSync(join(here.cwd, 'environments'))
    writeFileSync(join(here.cwd, 'config.yml'), 'session: Simple\n')
    writeFileSync(join(here.cwd, 'environments', 'production.yml'), "session: 'JSON'\n")
    expect((await storeOf([], { DANCER_ENVIRONMENT: 'production' }))[0]).toBe(`dancer:${here.dir}`)
    expect((await storeOf([]))[0]).toBe(`file:${here.dir}`)
  })

  it('is for a reader on a terminal, and one document as JSON', async () => {
    const { out } = await here.run(['where'], { terminal: 'o' })
    expect(out).toBe(`file:./sessions  it holds session files\n${here.dir}\n`)
    expect(JSON.parse((await here.run(['where', '--json'])).out)).toEqual({
      store: `file:${here.dir}`,
      kind: 'file',
      dir: here.dir,
      why: 'it holds session files',
    })
  })

  it('says what to type when there is none', async () => {
    const { exit, err } = await here.run(['ls'], { cwd: dirname(here.cwd) })
    expect(exit).toBe(7)
    expect(err.split('\n')).toHaveLength(4)
    expect(err).toContain('vitrine --store file:')
  })

  it.each([
    ['redis://localhost', 2],
    ['file:', 2],
    ['file:nowhere', 7],
    ['file:package.json', 7],
  ])('%s: exit %i', async (store, exit) => {
    writeFileSync(join(here.cwd, 'package.json'), '{}')
    expect((await here.run(['-s', store, 'ls'])).exit).toBe(exit)
    expect(existsSync(join(here.cwd, 'nowhere'))).toBe(false)
  })

  it('recognises the sessions in a folder that is named bare', async () => {
    const dir = join(here.cwd, 'yaml')
    const store = yamlStore(dir)
    await store.init?.(() => {})
    await store.write(
      'c'.repeat(32),
      { data: { user: 'ada' }, createdAt: 0, expiresAt: Infinity, revision: 1 },
      null,
    )
    expect((await storeOf(['-s', 'yaml']))[0]).toBe(`yaml:${dir}`)
    expect((await here.run(['-s', 'yaml', 'show', 'cccc', 'user'])).out).toBe('ada\n')
  })
})

describe('looking', () => {
  it('changes nothing: no byte, no time, no file, no flash', async () => {
    writeFileSync(here.fileOf('a'.repeat(32)), '{ broken')
    await here.add({ user: 'bob' }, { expiresAt: here.now - 1000 })
    const before = photograph(here.dir)
    for (const argv of [
      ['ls'],
      ['ls', '--expired', '--json'],
      ['show', ada],
      ['show', ada, '--raw'],
      ['show', 'aaaa'],
      ['show', ada, 'flash'],
      ['rm', ada, '--dry-run'],
      ['rm', ada],
      ['reap', '--dry-run'],
      ['reset'],
      ['where'],
    ]) {
      await here.run(argv)
      await here.run(argv, { terminal: 'oe' })
    }
    expect(photograph(here.dir)).toEqual(before)
  })

  it('makes no working files in a folder that has none', async () => {
    const { cwd } = here
    const other = join(cwd, 'other')
    mkdirSync(other)
    writeFileSync(join(other, `${ada}.json`), readFileSync(here.fileOf(ada)))
    await here.run(['-s', 'file:other', 'ls'])
    await here.run(['-s', 'file:other', 'show', ada])
    expect(readdirSync(other)).toEqual([`${ada}.json`])
  })
})

function size(id: string): string {
  return `${lstatSync(here.fileOf(id)).size} B`
}

/** Everything below a folder: names, bytes and times. */
function photograph(dir: string): unknown[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(dir, name)
      const { mtimeNs, ctimeNs, ino, mode } = lstatSync(path, { bigint: true })
      const bytes = lstatSync(path).isFile() ? readFileSync(path, 'utf8') : null
      return [name, mtimeNs, ctimeNs, ino, mode, bytes]
    })
}
