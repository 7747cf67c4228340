import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { chmodSync, copyFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { MANIFEST, ROOT, tsc } from '../package/pack.ts'
import { blocksOf, type Ask, type Block, type Document } from './blocks.ts'
import { unknownNames } from './names.ts'
import { jsonDiffers, textDiffers } from './shape.ts'

/**
 * Rehearses documents: the blocks under one heading share an empty directory with the built package installed,
 * and are done in order.
 */

export interface Stage {
  readonly scenes: readonly Scene[]
  /** Builds the package, lays out the directories, type-checks and compiles all blocks. */
  prepare(): Promise<void>
  /** Stops what runs and removes everything. */
  end(): void
}

export interface Scene {
  readonly title: string
  readonly steps: readonly Step[]
  /** Stops what runs. */
  end(): void
}

export interface Step {
  readonly title: string
  /** @throws Error that says what is wrong with the block */
  run(): Promise<void>
}

const TIMEOUT = 20_000
/** Stands for a free port in every block. */
const PORT = /\b3000\b/g

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

interface Script {
  readonly block: Block
  /** The file's name within its scene. */
  readonly name: string
  readonly scene: string
  readonly code: string
  /** Which line of the file is the block's first. */
  readonly offset: number
}

export function stageOf(documents: readonly Document[]): Stage {
  const base = mkdtempSync(join(tmpdir(), 'vitrine-docs-'))
  const scripts: Script[] = []
  const problems = new Map<Block, string[]>()
  const scenes: Scene[] = []
  let port = 0

  for (const document of documents) {
    const groups = Map.groupBy(blocksOf(document), ({ section }) => section)
    for (const [section, blocks] of groups) {
      scenes.push(sceneOf(`scene-${scenes.length}`, document.name, section, blocks))
    }
  }

  function sceneOf(name: string, document: string, section: string, blocks: Block[]): Scene {
    const directory = join(base, 'run', name)
    let output = ''
    let server: ChildProcess | null = null
    let before: Script | null = null

    const scriptOf = new Map<Block, Script>()
    for (const block of blocks) {
      const script = asScript(block, name, before)
      if (script === null) continue
      scriptOf.set(block, script)
      scripts.push(script)
      if (block.plan.kind !== 'file') before = script
    }

    const stop = (): void => {
      server?.kill('SIGKILL')
      server = null
    }

    async function perform(block: Block): Promise<void> {
      const { plan } = block
      const found = problems.get(block)
      if (found) throw new Error(found.join('\n'))
      const script = scriptOf.get(block)
      const file = script && join(directory, compiled(script.name))
      switch (plan.kind) {
        case 'types':
        case 'none':
          return
        case 'unknown':
          throw new Error(plan.problem)
        case 'data':
          return void (block.language === 'json' ? JSON.parse(block.text) : parseYaml(block.text))
        case 'names': {
          const wrong = unknownNames(block.text, MANIFEST)
          if (wrong.length > 0) throw new Error(wrong.join('\n'))
          return
        }
        case 'file':
          if (!script) writeFileSync(join(directory, plan.name), withPort(block.text) + '\n')
          return
        case 'program':
          output = await finish(launch(directory, process.execPath, [file as string]))
          return
        case 'server': {
          stop()
          server = launch(directory, process.execPath, [file as string])
          await listening(server, port)
          output = await ask(plan.requests, port)
          return
        }
        case 'run':
          output = await shell(directory, withPort(block.text))
          return
        case 'output': {
          const shown = withPort(block.text)
          const isJson = block.language === 'json' && !shown.includes('…')
          const difference = (isJson ? jsonDiffers : textDiffers)(shown, output)
          if (difference !== null) throw new Error(difference)
        }
      }
    }

    return {
      title: section === '' ? document : `${document}: ${section}`,
      steps: blocks.map((block) => ({
        title: `${block.at} ${describePlan(block)}`,
        run: () => perform(block),
      })),
      end: stop,
    }
  }

  function withPort(text: string): string {
    return text.replaceAll(PORT, String(port))
  }

  async function prepare(): Promise<void> {
    port = await freePort()
    await installPackage(base)
    for (const { title: _ } of scenes) void _
    const names = scenes.map((_, index) => `scene-${index}`)
    for (const name of names) {
      for (const part of ['source', 'run']) {
        mkdirSync(join(base, part, name), { recursive: true })
        writeFileSync(join(base, part, name, 'package.json'), '{ "type": "module" }\n')
      }
      symlinkSync(join(base, 'node_modules'), join(base, 'run', name, 'node_modules'), 'junction')
    }
    for (const { scene, name, code } of scripts) {
      writeFileSync(join(base, 'source', scene, name), withPort(code))
    }
    // A block that widens a type must not do so for the others.
    const alone = scripts.filter(({ code }) => /\bdeclare (module|global)\b/.test(code))
    const together = scripts.filter((script) => !alone.includes(script))
    await Promise.all(
      [together, ...alone.map((script) => [script])].map((group, index) => check(group, index)),
    )
  }

  /** Compiles some of the scripts and notes what the compiler says about each. */
  async function check(group: readonly Script[], index: number): Promise<void> {
    if (group.length === 0) return
    const config = join(base, `tsconfig-${index}.json`)
    const files = group.map(({ scene, name }) => join('source', scene, name))
    const compilerOptions = { ...OPTIONS, rootDir: 'source', outDir: 'run' }
    writeFileSync(config, JSON.stringify({ compilerOptions, files }))
    const { code, stdout } = await tsc(base, '-p', config, '--pretty', 'false')
    const message = /^source\/([\w-]+)\/([\w.-]+)\((\d+),\d+\): error (.*)$/
    for (const line of stdout.split('\n').filter((text) => /^\S/.test(text))) {
      const [, scene, name, row, what] = message.exec(line) ?? []
      const script = scripts.find((one) => one.scene === scene && one.name === name)
      if (!script) throw new Error(stdout)
      const { document, line: first } = script.block
      const at = Number(row) - script.offset
      const where = at < 0 ? `in the comment above ${script.block.at}` : `${document}:${first + at}`
      problems.set(script.block, [...(problems.get(script.block) ?? []), `${where} ${what}`])
    }
    if (code !== 0 && problems.size === 0) throw new Error(stdout || 'tsc failed')
  }

  return {
    scenes,
    prepare,
    end() {
      for (const scene of scenes) scene.end()
      rmSync(base, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
