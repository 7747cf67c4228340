import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../package/pack.ts'
import { blocksOf } from '../readme/blocks.ts'
import { directory } from './kit.ts'

const name = 'docs/migrate.md'
const blocks = blocksOf({ name, text: readFileSync(join(ROOT, name), 'utf8') })

/** A file that the document shows, as it stands there. */
function shownFile(name: string): string {
  const found = blocks.filter(({ plan }) => plan.kind === 'file' && plan.name === name)
  if (found.length !== 1) throw new Error(`The document does not show ${name} once`)
  return `${found[0]?.text}\n`
}

/** The program that the document shows in a section, without what it does not show. */
export function shownProgram(section: string): string {
  const found = blocks.filter((block) => block.section === section && block.plan.kind === 'program')
  if (found.length !== 1) throw new Error(`The document does not show one program in ${section}`)
  return `${found[0]?.text}\n`
}

/** Loads a file that the document shows. What it imports is what this checkout has. */
export async function load<T>(name: string): Promise<T> {
  const dir = await directory()
  await mkdir(join(dir, 'node_modules'))
  for (const each of ['iron-session', 'cookie-session']) {
    await symlink(join(ROOT, 'node_modules', each), join(dir, 'node_modules', each), 'junction')
  }
  const file = join(dir, name)
  await writeFile(file, shownFile(name))
  return (await import(/* @vite-ignore */ file)) as T
}
