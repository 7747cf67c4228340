// What is too large for devDependencies is fetched apart, where there is a network; the tests skip what is not there.
import { execFile } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

/** The checkout. */
export const root = dirname(import.meta.dirname)

export const run = promisify(execFile)

/** Runs `npm install` in a directory, whatever lies around it. */
export const npmInstall = (directory, ...args) =>
  run(
    'npm',
    [
      'install',
      '--prefix',
      directory,
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      ...args,
    ],
    { cwd: directory },
  )

/**
 * Fetches one thing after the other, and says of each whether it is there.
 * What `fetch` leaves behind in `home` when it fails is removed.
 */
export async function fetchEach(things) {
  for (const { title, home, isThere, fetch } of things) {
    try {
      if (!isThere()) {
        mkdirSync(home, { recursive: true })
        await fetch()
      }
      console.log(`✓ ${title}`)
    } catch (error) {
      rmSync(home, { recursive: true, force: true })
      const why = String(error.stderr || error.message).trim()
      console.log(`- ${title} cannot be had, its tests will skip\n${why}`.replaceAll('\n', '\n  '))
    }
  }
}
