import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown, type OutputChunk } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeProject } from '../runtimes/project.ts'

/** What of the package gets into the bundle of an app. */

/** Compressed, in bytes, with the packages that Vitrine depends on. */
const MAX_ONE_FILE = 33_500
const MAX_START = 24_000

const SEALED = `
  import { sealedCookie } from 'vitrine'
  import { withSession } from 'vitrine/web'
  const sessions = withSession({ store: sealedCookie({ secrets: [globalThis.SECRET] }) })
  export const fetch = sessions((request, session) => new Response(session.data.user))`

const FILES = `
  import { withSession } from 'vitrine/web'
  export const fetch = withSession()((request, session) => new Response(session.data.user))`

const IN_MEMORY = `
  import { cookie, memoryStore } from 'vitrine'
  import { session } from 'vitrine/express'
  export const middleware = session({ store: memoryStore(), transport: cookie() })`

const directory = mkdtempSync(join(tmpdir(), 'vitrine-bundle-'))

beforeAll(() => makeProject(directory, []), 60_000)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Bundles an app; the first chunk is the one it starts with. */
async function bundle(
  app: string,
  codeSplitting: boolean,
  treeshake = true,
): Promise<readonly OutputChunk[]> {
  const input = join(directory, 'app.js')
  writeFileSync(input, app)
  const build = await rolldown({
    input,
    platform: 'neutral',
    treeshake,
    external: /^(node:|yaml$)/,
    resolve: { mainFields: ['main'] },
  })
  const { output } = await build.generate({ minify: true, codeSplitting })
  await build.close()
  return output.filter((file) => file.type === 'chunk')
}

/** The chunks that are loaded when the app starts. */
function start(chunks: readonly OutputChunk[]): readonly OutputChunk[] {
  const loaded = new Set(chunks.slice(0, 1))
  for (const { imports } of loaded) {
    for (const chunk of chunks) if (imports.includes(chunk.fileName)) loaded.add(chunk)
  }
  return [...loaded]
}

const needsOfNode = (chunks: readonly OutputChunk[]): readonly string[] =>
  chunks.flatMap(({ imports }) => imports).filter((name) => name.startsWith('node:'))

const textOf = (chunks: readonly OutputChunk[]): string => chunks.map(({ code }) => code).join('\n')
const weight = (chunks: readonly OutputChunk[]): number =>
  gzipSync(textOf(chunks), { level: 9 }).length

describe('the bundle of an app', () => {
  it('with sealed cookies starts without files, and needs nothing of Node for that', async () => {
    const chunks = await bundle(SEALED, true)
    const first = start(chunks)
    expect(first.length).toBeLessThan(chunks.length)
    expect(needsOfNode(first)).toEqual([])
    expect(weight(first)).toBeLessThan(MAX_START)
  })

  it('with sealed cookies keeps within its bound as one file', async () => {
    expect(weight(await bundle(SEALED, false))).toBeLessThan(MAX_ONE_FILE)
  })

  it('with the default store holds no YAML', async () => {
    const text = textOf(await bundle(FILES, true))
    expect(text.includes('node:fs')).toBe(true)
    expect(/yaml["'`]\)/.test(text)).toBe(false)
  })

  it('without sealed cookies holds nothing that seals', async () => {
    const text = textOf(await bundle(IN_MEMORY, true))
    expect(text.includes('A256GCM')).toBe(false)
  })

  it('for any runtime starts without Node even where the bundler keeps everything', async () => {
    const app = `export * from 'vitrine/web'; export * from 'vitrine/hono'`
    const first = start(await bundle(app, true, false))
    expect(needsOfNode(first)).toEqual([])
  })
})
