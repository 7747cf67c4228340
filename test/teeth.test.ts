import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')

interface Tooth {
  readonly fault: string
  readonly file: string
  readonly from: string
  readonly to: string
  readonly suite: string
}

const teeth = fs
  .readdirSync(import.meta.dirname)
  .map((room) => path.join(import.meta.dirname, room, 'teeth.json'))
  .filter((file) => fs.existsSync(file))
  .flatMap((file) => JSON.parse(fs.readFileSync(file, 'utf8')) as Tooth[])

it.each(teeth)('can still be planted: $fault', ({ file, from, to, suite }) => {
  expect(fs.readFileSync(path.join(root, file), 'utf8').split(from)).toHaveLength(2)
  expect(to).not.toBe(from)
  expect(fs.existsSync(path.join(root, suite)), suite).toBe(true)
})

it('each fault is planted once', () => {
  const all = teeth.map(({ file, from, to }) => `${file}\n${from}\n${to}`)
  expect(new Set(all).size).toBe(all.length)
})
