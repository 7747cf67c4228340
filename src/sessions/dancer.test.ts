import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionEvent } from '../core/events.ts'
import type { Incoming } from '../core/transport.ts'
import { readDancerSettings } from '../stores/file/dancer-settings.ts'
import { dancerId } from './dancer-id.ts'
import { fromDancer, type DancerConfig } from './dancer.ts'
import { createEngine, createSessions } from './sessions.ts'

const PROJECT = fileURLToPath(new URL('../../test/fixtures/dancer/config/', import.meta.url))
const KEY = '3f1c9a7be2d84056b1c7e9f20a4d6835'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vitrine-dancer-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true })
})

function request(cookie?: string, secure = false): Incoming {
  return { headers: { get: (name) => (name === 'cookie' ? cookie : null) }, secure }
}

/** Logs somebody in and says which cookie was set. */
async function login(config: DancerConfig, secure = false): Promise<string> {
  const sessions = createSessions({ ...fromDancer(config), report: () => {} })
  const session = await sessions.open(request(undefined, secure))
  session.data['user'] = 'ada'
  const headers = await sessions.commit(session)
  return headers.find(([name]) => name === 'set-cookie')?.[1] ?? ''
}

const parts = (header: string) => header.split('; ').slice(1).sort()

describe('ids for Dancer', () => {
  it('are 39 digits of which the first is no 0', () => {
    const ids = new Set(Array.from({ length: 5000 }, dancerId))
    expect(ids.size).toBe(5000)
    for (const id of ids) expect(id).toMatch(/^[1-4]\d{38}$/)
  })

  it('hold all 128 bits of the random source', () => {
    const spy = vi.spyOn(crypto, 'getRandomValues')
    spy.mockImplementation((array) => {
      new Uint8Array((array as Uint32Array).buffer).fill(255)
      return array
    })
    expect(dancerId()).toBe(String(10n ** 38n + 2n ** 128n - 1n))
    spy.mockImplementation((array) => array)
    expect(dancerId()).toBe(String(10n ** 38n))
    spy.mockRestore()
  })
})

describe('the sessions of a Dancer application', () => {
  it('are flat JSON files under an id of digits, with the bare id in the cookie', async () => {
    const header = await login({ session: 'JSON', session_dir: dir })
    const id = /^dancer\.session=(\d{39});/.exec(header)?.[1]
    expect(parts(header)).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax'])
    const file = JSON.parse(readFileSync(join(dir, `${id}.json`), 'utf8')) as object
    expect(file).toMatchObject({ id, user: 'ada', vitrine: { revision: 1 } })
  })

  it('are YAML files of the same kind', async () => {
    const header = await login({ session: 'yaml', session_dir: dir })
    const id = /^dancer\.session=(\d{39});/.exec(header)?.[1]
    const text = readFileSync(join(dir, `${id}.yml`), 'utf8')
    expect(text).toMatch(`--- !!perl/hash:Dancer::Session::YAML\nid: ${id}\nuser: ada\nvitrine:\n`)
  })

  it('are found again when Dancer made them', async () => {
    const id = '362221000356202810803957607324074525'
    const yaml = `--- !!perl/hash:Dancer::Session::YAML\nid: ${id}\nuser: bob\n`
    writeFileSync(join(dir, `${id}.json`), `{"user":"bob","id":"${id}"}`)
    writeFileSync(join(dir, `${id}.yml`), yaml)
    for (const session of ['JSON', 'YAML']) {
      const sessions = createSessions(fromDancer({ session, session_dir: dir }))
      const found = await sessions.open(request(`dancer.session=${id}`))
      expect(found.data).toEqual({ user: 'bob' })
      expect(await sessions.commit(found)).not.toContainEqual(
        expect.arrayContaining(['set-cookie']),
      )
    }
  })

  it('stay in memory with the engine Simple', async () => {
    expect(await login({ session: 'Simple', session_dir: dir })).toMatch(/^dancer\.session=\d{39};/)
    expect(readdirSync(dir)).toEqual([])
  })

  it('travel sealed with the engine cookie', async () => {
    const config = { session: 'cookie', session_cookie_key: KEY, session_cookie_path: '/app' }
    const header = await login(config)
    expect(parts(header)).toContain('Path=/app')
    const sessions = createSessions(fromDancer(config))
    const session = await sessions.open(request(header.split(';')[0]))
    expect(session.data).toEqual({ user: 'ada' })
  })

  it('end with the browser and after 30 days of silence, unless session_expires says when', async () => {
    const day = 86_400_000
    for (const session_expires of [undefined, 0, '0', '']) {
      const options = fromDancer({ session: 'JSON', session_dir: dir, session_expires })
      const session = await createEngine(options).create({})
      expect(session.expiresAt - session.createdAt).toBe(30 * day)
    }
    expect(await login({ session: 'JSON', session_dir: dir, session_expires: '0' })).not.toContain(
      'Max-Age',
    )

    const long = fromDancer({ session: 'JSON', session_dir: dir, session_expires: '60 days' })
    const lasting = await createEngine(long).create({})
    expect(lasting.expiresAt - lasting.createdAt).toBe(60 * day)

    const config = { session: 'JSON', session_dir: dir, session_expires: '2 days' }
    expect(await login(config)).toMatch(/Max-Age=172(?:799|800);/)
    let now = Date.now()
    const engine = createEngine({ ...fromDancer(config), now: () => now })
    const session = await engine.create({ user: 'ada' })
    expect(session.expiresAt).toBe(now + 2 * day)
    now += 1.5 * day
    const later = await engine.retrieve(session.id)
    later!.data['seen'] = true
    await engine.flush(later!)
    now += 0.6 * day
    expect(await engine.retrieve(session.id)).toBeNull()
  })

  it('warn at the start about a session_expires that Dancer does not understand either', async () => {
    const heard: SessionEvent[] = []
    const options = fromDancer({ session: 'JSON', session_dir: dir, session_expires: 'never' })
    const engine = createEngine({ ...options, report: (event) => heard.push(event) })
    await engine.init()
    const session = await engine.create({ user: 'ada' })
    expect(heard).toContainEqual(
      expect.objectContaining({ type: 'warning', code: 'DANCER_EXPIRES' }),
    )
    expect((await engine.retrieve(session.id))?.data).toEqual({ user: 'ada' })
    expect(await login({ session: 'Simple', session_expires: 'never' })).not.toContain('Max-Age')
  })

  it('have the cookie that the settings say', async () => {
    const cases: [DancerConfig, RegExp | string][] = [
      [{ session_name: 'my.session' }, /^my\.session=/],
      [{ session_name: 'a b;c=d' }, /^abcd=/],
      [{ session_name: '' }, /^dancer\.session=/],
      [{ session_domain: '.example.com' }, 'Domain=.example.com'],
      [{ session_secure: 1 }, 'Secure'],
      [{ session_secure: '1', session_same_site: 'none' }, 'SameSite=None'],
      [{ session_same_site: 'STRICT' }, 'SameSite=Strict'],
      [{ session_is_http_only: 1 }, 'HttpOnly'],
      [{ session_is_http_only: 'yes' }, 'HttpOnly'],
      [{ session_cookie_path: '/app' }, 'Path=/'],
    ]
    for (const [config, expected] of cases) {
      const header = await login({ session: 'Simple', ...config })
      if (expected instanceof RegExp) expect(header).toMatch(expected)
      else expect(parts(header), JSON.stringify(config)).toContain(expected)
    }
    for (const session_is_http_only of [0, '0', '', false]) {
      expect(parts(await login({ session: 'Simple', session_is_http_only }))).not.toContain(
        'HttpOnly',
      )
    }
    for (const session_secure of [0, '0', '', false]) {
      expect(parts(await login({ session: 'Simple', session_secure }, true))).not.toContain(
        'Secure',
      )
    }
    expect(parts(await login({ session: 'Simple' }, true))).toContain('Secure')
    expect(await login({ session: 'Simple' }, true)).toMatch(/^dancer\.session=/)
  })

  it('are refused where the settings make none', () => {
    const json = { session: 'JSON', session_dir: dir }
    const cases: [DancerConfig, string][] = [
      [{}, 'session'],
      [{ session: 'Memcached' }, 'session'],
      [{ ...json, session_expires: '-1 day' }, 'session_expires'],
      [{ ...json, session_expires: '0 minutes' }, 'session_expires'],
      [{ ...json, session_same_site: 'bogus' }, 'session_same_site'],
      [{ session: 'cookie' }, 'session_cookie_key'],
      [{ session: 'cookie', session_cookie_key: 'correct horse' }, 'session_cookie_key'],
      [{ session: 'cookie', session_cookie_key: KEY, session_expires: 'never' }, 'session_expires'],
    ]
    for (const [config, setting] of cases) {
      const expected = expect.objectContaining({
        code: 'CONFIG',
        message: expect.stringContaining(
          `Cannot use this ${setting} of the Dancer settings: `,
        ) as string,
      }) as Error
      expect(() => fromDancer(config), JSON.stringify(config)).toThrow(expected)
    }
    expect(() =>
      fromDancer({ session: 'cookie', session_cookie_key: 'correct horse' }),
    ).not.toThrow('horse')
  })
})

describe('config.yml', () => {
  const settings = JSON.parse(readFileSync(`${PROJECT}expected.json`, 'utf8')) as Record<
    string,
    object
  >

  for (const [title, expected] of Object.entries(settings)) {
    const environment = title.split(' ')[0] as string
    if (environment === 'note') continue
    it(`gets the settings of the environment ${title} laid over it as Dancer does`, () => {
      const env = { DANCER_ENVIRONMENT: environment }
      expect(readDancerSettings(`${PROJECT}proj/config.yml`, env)).toEqual({
        ...expected,
        session_dir: `${PROJECT}proj/sessions`,
      })
    })
  }

  it('takes the environment from DANCER_ENVIRONMENT, else PLACK_ENV, else development', () => {
    const name = (env: Record<string, string>) =>
      readDancerSettings(`${PROJECT}proj/config.yml`, env)['session_name']
    expect(name({})).toBe('from.env.dev')
    expect(name({ PLACK_ENV: 'production' })).toBe('from.env.prod')
    expect(name({ PLACK_ENV: 'production', DANCER_ENVIRONMENT: 'development' })).toBe(
      'from.env.dev',
    )
    expect(name({ PLACK_ENV: 'deployment', DANCER_ENVIRONMENT: '' })).toBe('from.config')
  })

  it('says where the app is, unless DANCER_APPDIR and DANCER_ENVDIR do', () => {
    const path = `${PROJECT}proj/config.yml`
    expect(readDancerSettings(path, { DANCER_APPDIR: dir })).toMatchObject({
      session_name: 'from.config',
      session_dir: join(dir, 'sessions'),
    })
    const env = { DANCER_APPDIR: dir, DANCER_ENVDIR: `${PROJECT}proj/environments` }
    expect(readDancerSettings(path, env)).toMatchObject({
      session_name: 'from.env.dev',
      session_dir: join(dir, 'sessions'),
    })
    writeFileSync(join(dir, 'config.yml'), 'session: YAML\nsession_dir: elsewhere\n')
    expect(readDancerSettings(join(dir, 'config.yml'), {})['session_dir']).toBe('elsewhere')
  })

  it('makes sessions by its path alone', async () => {
    writeFileSync(join(dir, 'config.yml'), 'session: "JSON"\nsession_name: shop\n')
    mkdirSync(join(dir, 'environments'))
    writeFileSync(
      join(dir, 'environments', 'production.yml'),
      'session_expires: 1 hour\nsession_secure: 1\n',
    )
    vi.stubEnv('DANCER_ENVIRONMENT', 'production')
    const engine = createEngine(fromDancer(join(dir, 'config.yml')))
    const { id, createdAt, expiresAt } = await engine.create({ user: 'ada' })
    expect(expiresAt - createdAt).toBe(3_600_000)
    expect(readdirSync(join(dir, 'sessions'))).toContain(`${id}.json`)
  })

  it('is refused when it is not there, not a file, not YAML, or no settings', () => {
    const refused = (text: string | null, reason: string) => {
      const path = join(dir, text === null ? 'nothing.yml' : 'config.yml')
      if (text !== null) writeFileSync(path, text)
      const message = `Cannot use the Dancer settings in "${path}": ${reason}`
      const expected = expect.objectContaining({ code: 'CONFIG', message }) as Error
      expect(() => fromDancer(path)).toThrow(expected)
    }
    refused(null, 'there is no such file')
    refused('session: [', 'it does not parse')
    refused('- session\n', 'it holds no settings')
    expect(() => fromDancer(dir)).toThrow(expect.objectContaining({ code: 'CONFIG' }) as Error)
  })
})
