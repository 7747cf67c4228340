import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from './package/pack.ts'
import { stageOf } from './readme/stage.ts'

/** Every code block of the documents is done as a reader would do it. CONTRIBUTING.md says how to mark them. */

const docs = join(ROOT, 'docs')
const names = [
  'README.md',
  ...(existsSync(docs) ? readdirSync(docs) : [])
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
]
const documents = names
  .filter((name) => existsSync(join(ROOT, name)))
  .map((name) => ({ name, text: readFileSync(join(ROOT, name), 'utf8') }))

const stage = stageOf(documents)

beforeAll(() => stage.prepare(), 60_000)
afterAll(() => stage.end())

it('there is a README with code in it', () => {
  expect(documents[0]?.name).toBe('README.md')
  expect(stage.scenes.length).toBeGreaterThan(0)
})

describe.each(stage.scenes.map((scene) => [scene.title, scene] as const))('%s', (_, scene) => {
  afterAll(() => scene.end())
  it.each(scene.steps.map(({ title, run }) => [title, run] as const))('%s', (_title, run) => run())
})
