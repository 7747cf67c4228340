// Builds dist/ from src/ with tsc alone: no bundler, and dist mirrors src.
import { spawn } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const root = dirname(import.meta.dirname)
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))

function tsc(...options) {
  const args = [join(typescript, 'bin', 'tsc'), '-p', 'tsconfig.build.json', ...options]
  return new Promise((resolve) => {
    spawn(process.execPath, args, { cwd: root, stdio: 'inherit' }).on('close', resolve)
  })
}

rmSync(join(root, 'dist'), { recursive: true, force: true })
// The doc comments belong to the declarations; the code goes without.
const codeOnly = ['declaration', 'isolatedDeclarations']
const ends = await Promise.all([
  tsc('--emitDeclarationOnly'),
  tsc('--removeComments', '--noCheck', ...codeOnly.flatMap((option) => [`--${option}`, 'false'])),
])
if (ends.some((code) => code !== 0)) process.exitCode = 1
else chmodSync(join(root, 'dist', 'bin.js'), 0o755)
