import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tsc } from '../package/pack.ts'
import type { Block } from './blocks.ts'

/** A block as a file that can be compiled. */
export interface Script {
  readonly block: Block
  /** The folder of its scene. */
  readonly scene: string
  readonly name: string
  readonly code: string
  /** How many lines of the file stand before the block's own. */
  readonly before: number
}

const IS_SCRIPT = /\.[cm]?[jt]s$/

const OPTIONS = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  module: 'nodenext',
  moduleDetection: 'force',
  types: ['node'],
  strict: true,
  allowJs: true,
  checkJs: true,
  allowImportingTsExtensions: true,
  rewriteRelativeImportExtensions: true,
  skipLibCheck: true,
}

/**
 * Makes a file of a block; `null` when it is no code.
 * @param previous the code that a block with `continues` goes on from
 */
export function scriptOf(block: Block, scene: string, previous: Script | null): Script | null {
  const { plan, language, line, text, preamble } = block
  let name: string
  let head = preamble === '' ? '' : `${preamble}\n`
  switch (plan.kind) {
    case 'file':
      if (!IS_SCRIPT.test(plan.name)) return null
      name = plan.name
      break
    case 'types':
    case 'program':
    case 'server':
      name = `line-${line}${extension(language, text)}`
      if (plan.continues && previous) head = `${previous.code}\n${head}`
      break
    default:
      return null
  }
  return { block, scene, name, code: head + text + '\n', before: head.split('\n').length - 1 }
}

function extension(language: string, text: string): string {
  if (/^(ts|typescript)$/.test(language)) return '.ts'
  if (!/^(js|javascript)$/.test(language)) return `.${language}`
  return /\brequire\(/.test(text) && !/^\s*(import|export)\b/m.test(text) ? '.cjs' : '.js'
}

/** The name of what a script compiles to. */
export function compiled(name: string): string {
  return name.replace(/ts$/, 'js')
}

/**
 * Type-checks scripts as strictly as users do, and compiles them from `source/` to `run/`.
 * @returns what is wrong, by block
 */
export async function compile(
  base: string,
  scripts: readonly Script[],
): Promise<Map<Block, string[]>> {
  // A block that widens a type does so for itself only.
  const alone = scripts.filter(({ code }) => /\bdeclare (module|global)\b/.test(code))
  const together = scripts.filter((script) => !alone.includes(script))
  const groups = [together, ...alone.map((script) => [script])].filter(({ length }) => length > 0)
  const answers = await Promise.all(
    groups.map((group, index) => compileTogether(base, group, index)),
  )

  const problems = new Map<Block, string[]>()
  for (const line of answers.flat()) {
    const { block, message } = blame(line, scripts)
    const known = problems.get(block)
    if (known) known.push(message)
    else problems.set(block, [message])
  }
  return problems
}

async function compileTogether(
  base: string,
  scripts: readonly Script[],
  index: number,
): Promise<string[]> {
  const config = join(base, `tsconfig-${index}.json`)
  const files = scripts.map(({ scene, name }) => `source/${scene}/${name}`)
  const compilerOptions = { ...OPTIONS, rootDir: 'source', outDir: 'run' }
  writeFileSync(config, JSON.stringify({ compilerOptions, files }))
  const { code, stdout, stderr } = await tsc(base, '-p', config, '--pretty', 'false')
  const lines = stdout.split('\n').filter((line) => /^\S/.test(line))
  if (code !== 0 && lines.length === 0) throw new Error(`tsc failed\n${stderr}`)
  return lines
}

/** Leads one of the compiler's messages back to the document. */
function blame(line: string, scripts: readonly Script[]): { block: Block; message: string } {
  const found = /^source\/([^/]+)\/([^(]+)\((\d+),\d+\): error (.*)$/.exec(line)
  const script = scripts.find(({ scene, name }) => scene === found?.[1] && name === found[2])
  if (!found || !script) throw new Error(line)
  const { block, before } = script
  const at = block.line + Number(found[3]) - 1 - before
  const where = at < block.line ? `in what comes before ${block.at}` : `${block.document}:${at}`
  return { block, message: `${where} ${found[4]}` }
}
