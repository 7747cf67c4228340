import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT } from '../package/pack.ts'
import { blocksOf } from '../readme/blocks.ts'

/** What docs/recipes.md shows is what the recipes are. */

const recipes = readdirSync(join(ROOT, 'recipes'))
const name = 'docs/recipes.md'
const text = readFileSync(join(ROOT, name), 'utf8')
const lines = text.split('\n')
const blocks = blocksOf({ name, text })

/** The file that the line above a block names. */
function fileOf(line: number): string | undefined {
  const before = lines.slice(0, line - 2).filter((said) => said !== '' && !said.startsWith('<!--'))
  return /^`(recipes\/\S+)`:$/.exec(before.at(-1) ?? '')?.[1]
}

const files = blocks.flatMap(({ line, text: shown }) => {
  const file = fileOf(line)
  return file === undefined ? [] : [[file, shown] as const]
})

it.each(files)('%s is shown as it is', (file, shown) => {
  expect(shown).toBe(readFileSync(join(ROOT, file), 'utf8').trimEnd())
})

it.each(recipes)('recipes/%s is explained, with the commands that run it', (recipe) => {
  expect(files.map(([file]) => file)).toContainEqual(expect.stringContaining(`/${recipe}/`))
  expect(blocks.map((block) => block.text)).toContainEqual(
    expect.stringContaining(`cd recipes/${recipe} && npm install\n`),
  )
})

it.each(recipes)('recipes/%s pins what it uses, and asks for this Vitrine', (recipe) => {
  const manifest = JSON.parse(
    readFileSync(join(ROOT, 'recipes', recipe, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'devDependencies', Record<string, string>>
  const { vitrine, ...others } = { ...manifest.devDependencies, ...manifest.dependencies }
  expect(vitrine).toBe('file:../..')
  expect(Object.values(others).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
})
