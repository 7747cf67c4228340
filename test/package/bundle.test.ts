import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { OutputChunk } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeProject } from '../runtimes/project.ts'
import { bundle } from './bundle.ts'

/** What of the package gets into the bundle of an app. */

/** Compressed, in bytes, with the packages that Vitrine depends on. */
const MAX_ONE_FILE = 33_500
const MAX_START = 24_000
const MAX_EDGE = 23_500

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
    const chunks = await bundle(directory, SEALED, { codeSplitting: true })
    const first = start(chunks)
    expect(first.length).toBeLessThan(chunks.length)
    expect(needsOfNode(first)).toEqual([])
    expect(weight(first)).toBeLessThan(MAX_START)
  })

  it('with sealed cookies keeps within its bound as one file', async () => {
    const chunks = await bundle(directory, SEALED, { codeSplitting: false })
    expect(weight(chunks)).toBeLessThan(MAX_ONE_FILE)
  })

  it.each(['workerd', 'edge-light'])('for an edge (%s) holds no files', async (condition) => {
    const how = { codeSplitting: false, conditions: [condition] }
    const chunks = await bundle(directory, SEALED, how)
    expect(chunks.length).toBe(1)
    expect(needsOfNode(chunks)).toEqual([])
    expect(textOf(chunks).includes('node:')).toBe(false)
    expect(weight(chunks)).toBeLessThan(MAX_EDGE)
  })

  it('with the default store holds no YAML', async () => {
    const text = textOf(await bundle(directory, FILES, { codeSplitting: true }))
    expect(text.includes('node:fs')).toBe(true)
    expect(/yaml["'`]\)/.test(text)).toBe(false)
  })

  it('without sealed cookies holds nothing that seals', async () => {
    const text = textOf(await bundle(directory, IN_MEMORY, { codeSplitting: true }))
    expect(text.includes('A256GCM')).toBe(false)
  })

  it('for any runtime starts without Node even where the bundler keeps everything', async () => {
    const app = `export * from 'vitrine/web'; export * from 'vitrine/hono'`
    const first = start(await bundle(directory, app, { codeSplitting: true, treeshake: false }))
    expect(needsOfNode(first)).toEqual([])
  })
})
