import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { MANIFEST, ROOT, tsc } from '../package/pack.ts'
import { blocksOf, type Block, type Document } from './blocks.ts'
import { compile, compiled, scriptOf, type Script } from './compile.ts'
import { unknownNames } from './names.ts'
import { ask, finish, freePort, listening, start, type Program } from './process.ts'
import { jsonDiffers, textDiffers } from './shape.ts'

/** A rehearsal of documents: every block is done as it says, in order, with the package as it is built. */
export interface Stage {
  readonly scenes: readonly Scene[]
  /** Builds the package, installs it, type-checks and compiles every block. */
  prepare(): Promise<void>
  /** Stops what runs and removes everything. */
  end(): Promise<void>
}

/**
 * The blocks under one heading (`#` or `##`): they share a directory, which holds at first only the files that the
 * document has shown so far.
 */
export interface Scene {
  readonly title: string
  readonly steps: readonly Step[]
  /** Stops what runs. */
  end(): Promise<void>
}

export interface Step {
  readonly title: string
  /** @throws Error that says what is wrong with the block */
  run(): Promise<void>
}

/** What all scenes share. */
interface Setting {
  readonly base: string
  /** The free port that 3000 stands for. */
  port: number
  problems: ReadonlyMap<Block, readonly string[]>
}

export function stageOf(documents: readonly Document[]): Stage {
  const base = mkdtempSync(join(tmpdir(), 'vitrine-docs-'))
  const setting: Setting = { base, port: 0, problems: new Map() }
  const scripts: Script[] = []
  const files: { readonly scene: string; readonly name: string; readonly text: string }[] = []
  const scenes: Scene[] = []
  for (const document of documents) {
    let known: readonly Block[] = []
    for (const blocks of sectionsOf(document)) {
      const name = `scene-${scenes.length}`
      known = withFiles(known, blocks)
      const own = scriptsOf([...known.filter((block) => !blocks.includes(block)), ...blocks], name)
      scripts.push(...own.values())
      for (const { plan, text } of known.filter((block) => !own.has(block))) {
        if (plan.kind === 'file') files.push({ scene: name, name: plan.name, text })
      }
      scenes.push(sceneOf(setting, name, blocks, own))
    }
  }

  return {
    scenes,
    async prepare() {
      setting.port = await freePort()
      await installPackage(base)
      scenes.forEach((_, index) => layOut(base, `scene-${index}`))
      for (const { scene, name, code } of scripts) {
        writeFileSync(join(base, 'source', scene, name), withPort(code, setting.port))
      }
      for (const { scene, name, text } of files) {
        writeFileSync(join(base, 'run', scene, name), `${withPort(text, setting.port)}\n`)
      }
      setting.problems = await compile(base, scripts)
    },
    async end() {
      for (const scene of scenes) await scene.end()
      rmSync(base, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function sceneOf(
  setting: Setting,
  name: string,
  blocks: readonly Block[],
  scripts: ReadonlyMap<Block, Script>,
): Scene {
  const directory = join(setting.base, 'run', name)
  let output = ''
  let server: Program | null = null

  const stop = async (): Promise<void> => {
    server?.process.kill('SIGKILL')
    await server?.ended.catch(() => undefined) // the port is free again
    server = null
  }

  const perform = async (block: Block): Promise<void> => {
    const problems = setting.problems.get(block)
    if (problems) throw new Error(problems.join('\n'))
    const { plan, language } = block
    const text = withPort(block.text, setting.port)
    const script = scripts.get(block)
    const program = (): Program =>
      start(directory, process.execPath, [compiled((script as Script).name)])

    switch (plan.kind) {
      case 'none':
      case 'types':
      case 'file':
        return
      case 'unknown':
        throw new Error(plan.problem)
      case 'data':
        return void (language === 'json' ? JSON.parse(text) : parseYaml(text))
      case 'names':
        return complain(unknownNames(text, MANIFEST))
      case 'program':
        output = await finish(program())
        return
      case 'server':
        await stop()
        server = program()
        await listening(server, setting.port)
        output = await ask(plan.requests, setting.port)
        return
      case 'run':
        output = await shell(directory, text)
        return
      case 'output': {
        const isJson = language === 'json' && !text.includes('…')
        complain([(isJson ? jsonDiffers : textDiffers)(text, output)])
      }
    }
  }

  const { document, section } = blocks[0] as Block
  return {
    title: section === '' ? document : `${document}: ${section}`,
    steps: blocks.map((block) => ({
      title: `${block.at} ${block.language} ${block.plan.kind}`,
      run: () => perform(block),
    })),
    end: stop,
  }
}

function complain(problems: readonly (string | null)[]): void {
  const real = problems.filter((problem) => problem !== null)
  if (real.length > 0) throw new Error(real.join('\n'))
}

/**
 * Runs a shell block. Where lines begin with `$ `, those are the commands and the others what they print.
 * @returns what the last command printed
 */
async function shell(directory: string, text: string): Promise<string> {
  const bash = (commands: string): Promise<string> =>
    finish(start(directory, 'bash', ['-e', '-o', 'pipefail', '-c', commands]))
  if (!/^\$ /m.test(text)) return bash(text)
  let output = ''
  for (const part of text.split(/^\$ /m).slice(1)) {
    const [command = '', ...shown] = part.split('\n')
    output = await bash(command)
    if (shown.join('').trim() !== '') complain([textDiffers(shown.join('\n'), output)])
  }
  return output
}

function withPort(text: string, port: number): string {
  return text.replaceAll(/\b3000\b/g, String(port))
}

function sectionsOf(document: Document): Block[][] {
  const sections: Block[][] = []
  for (const block of blocksOf(document)) {
    const current = sections.at(-1)
    if (current?.[0]?.section === block.section) current.push(block)
    else sections.push([block])
  }
  return sections
}

/** The files that a document has shown so far: a later one takes the place of an earlier one of its name. */
function withFiles(known: readonly Block[], blocks: readonly Block[]): Block[] {
  const files = new Map<string, Block>()
  for (const block of [...known, ...blocks]) {
    if (block.plan.kind === 'file') files.set(block.plan.name, block)
  }
  return [...files.values()]
}

function scriptsOf(blocks: readonly Block[], scene: string): Map<Block, Script> {
  const scripts = new Map<Block, Script>()
  let previous: Script | null = null
  for (const block of blocks) {
    const script = scriptOf(block, scene, previous)
    if (!script) continue
    scripts.set(block, script)
    if (block.plan.kind !== 'file') previous = script
  }
  return scripts
}

function layOut(base: string, scene: string): void {
  for (const part of ['source', 'run']) {
    mkdirSync(join(base, part, scene), { recursive: true })
    writeFileSync(join(base, part, scene, 'package.json'), '{ "type": "module" }\n')
  }
  symlinkSync(join(base, 'node_modules'), join(base, 'run', scene, 'node_modules'), 'junction')
}

/** Installs the package as it is built now, beside every package that the checkout has. */
async function installPackage(base: string): Promise<void> {
  const modules = join(base, 'node_modules')
  const own = join(modules, 'vitrine')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  for (const folder of ['.', '.bin']) {
    for (const name of readdirSync(join(ROOT, 'node_modules', folder))) {
      if (name.startsWith('.')) continue
      symlinkSync(join(ROOT, 'node_modules', folder, name), join(modules, folder, name), 'junction')
    }
  }
  mkdirSync(own)
  copyFileSync(join(ROOT, 'package.json'), join(own, 'package.json'))
  const { code, stdout } = await tsc(
    ROOT,
    '-p',
    'tsconfig.build.json',
    '--outDir',
    join(own, 'dist'),
  )
  if (code !== 0) throw new Error(`The package does not build\n${stdout}`)
  chmodSync(join(own, 'dist', 'bin.js'), 0o755)
  symlinkSync(join(own, 'dist', 'bin.js'), join(modules, '.bin', 'vitrine'))
}
