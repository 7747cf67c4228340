import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { parseAst } from 'vitest/node'
import { compiledModules } from '../../compiled.ts'

/** How many places can be counted; a place is where the program goes one way and could have gone another. */
export const PLACES: number = 1 << 14

/** How often each place was passed, modulo 256. Whoever reads it sets it back. */
export const counters: Uint8Array = new Uint8Array(PLACES)

const NAME = '__passed'
Object.defineProperty(globalThis, NAME, { value: counters })

interface Syntax {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [member: string]: unknown
}

/**
 * Writes a count into every block, branch and short cut of a module.
 * @param first the number of its first place
 * @returns the module's new text, and the number of the place after its last
 */
export function instrument(code: string, first = 0): { code: string; next: number } {
  const inserts: { at: number; text: string; order: number }[] = []
  let next = first

  const count = () => `${NAME}[${next++ % PLACES}]++`
  const insert = (at: number, text: string, order: number) => void inserts.push({ at, text, order })

  function statement(node: Syntax | null | undefined): void {
    if (!node) return
    if (node.type === 'BlockStatement') {
      insert(node.start + 1, `${count()};`, 0)
      return
    }
    insert(node.start, `{${count()};`, node.end)
    insert(node.end, '}', -node.start)
  }

  function expression(node: Syntax): void {
    insert(node.start, `(${count()},(`, node.end)
    insert(node.end, '))', -node.start)
  }

  function visit(node: Syntax): void {
    switch (node.type) {
      case 'IfStatement':
        statement(node['consequent'] as Syntax)
        statement(node['alternate'] as Syntax | null)
        break
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        statement(node['body'] as Syntax)
        break
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        statement(node['body'] as Syntax)
        break
      case 'ArrowFunctionExpression': {
        const body = node['body'] as Syntax
        if (body.type === 'BlockStatement') statement(body)
        else expression(body)
        break
      }
      case 'ConditionalExpression':
        expression(node['consequent'] as Syntax)
        expression(node['alternate'] as Syntax)
        break
      case 'LogicalExpression':
        expression(node['right'] as Syntax)
        break
      case 'CatchClause':
        statement(node['body'] as Syntax)
        break
      case 'SwitchCase': {
        const [body] = node['consequent'] as Syntax[]
        if (body) insert(body.start, `${count()};`, Infinity)
        break
      }
    }
    for (const member of Object.values(node)) {
      for (const child of Array.isArray(member) ? (member as unknown[]) : [member]) {
        if (typeof (child as Syntax | null)?.type === 'string') visit(child as Syntax)
      }
    }
  }

  visit(parseAst(code) as unknown as Syntax)
  // at one place what is wider opens first and closes last
  inserts.sort((a, b) => a.at - b.at || rank(a) - rank(b))
  let made = ''
  let copied = 0
  for (const { at, text } of inserts) {
    made += code.slice(copied, at) + text
    copied = at
  }
  return { code: made + code.slice(copied), next }

  /** Closing brackets first, the innermost before the others; then opening ones, the outermost first. */
  function rank({ order }: { order: number }): number {
    return order <= 0 ? -1e9 - order : -order
  }
}

/**
 * The package and the YAML parser under it, with counts in them.
 * @returns the folder with the modules in it; the parser is in `yaml/index.js`
 */
export function instrumented(): string {
  const source = compiledModules()
  const yaml = path.dirname(path.dirname(import.meta.resolve('yaml').replace('file://', '')))
  const parts = [import.meta.filename, path.join(yaml, 'package.json')].map((file) =>
    fs.readFileSync(file),
  )
  const key = createHash('sha256').update(Buffer.concat(parts)).digest('hex').slice(0, 8)
  const target = `${source}-${key}`
  if (fs.existsSync(target)) return target
  const work = `${target}.${process.pid}`
  let next = 0
  const copy = (from: string, to: string) => {
    for (const name of fs.readdirSync(from, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.js') || name.startsWith('tools')) continue
      const made = instrument(fs.readFileSync(path.join(from, name), 'utf8'), next)
      next = made.next
      fs.mkdirSync(path.dirname(path.join(to, name)), { recursive: true })
      fs.writeFileSync(path.join(to, name), made.code)
    }
  }
  copy(source, work)
  // the same sources as the module for Node, but as ECMAScript modules
  copy(path.join(yaml, 'browser', 'dist'), path.join(work, 'yaml'))
  fs.writeFileSync(path.join(work, 'package.json'), '{"type":"module"}')
  try {
    fs.renameSync(work, target)
  } catch {
    fs.rmSync(work, { recursive: true }) // another worker was quicker
  }
  return target
}
