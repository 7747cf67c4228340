import type { Manifest } from '../package/pack.ts'

/** What npm knows without a script of that name. */
const NPM_VERBS = ['ci', 'init', 'exec', 'ls', 'publish', 'pack']

/**
 * Reads the commands of a shell block without running them, and names what does not exist: a package this
 * project does not know, a script it does not have. A command nobody can check is a problem too.
 */
export function unknownNames(text: string, manifest: Manifest): string[] {
  const { dependencies, devDependencies, peerDependencies, scripts } = manifest
  const packages = { vitrine: '', ...dependencies, ...devDependencies, ...peerDependencies }

  return commandsIn(text).flatMap((command) => {
    const [program = '', verb = '', ...rest] = command.split(/\s+/)
    const isInstall = /^(i|install|add)$/.test(verb)
    if (/^(npm|pnpm|yarn|bun|deno)$/.test(program) && isInstall) {
      return rest
        .filter((word) => !word.startsWith('-'))
        .map((word) => word.replace(/^(npm|jsr):/, '').replace(/(?<=.)@.*$/, ''))
        .filter((name) => !(name in packages))
        .map((name) => `${command}: this project does not know ${name}`)
    }
    if (program === 'npm') {
      const script = verb === 'run' ? rest.find((word) => !word.startsWith('-')) : verb
      if (script !== undefined && (script in scripts || NPM_VERBS.includes(verb))) return []
      return [`${command}: package.json has no script ${script ?? ''}`]
    }
    if (program === 'npx' && verb in packages) return []
    return [`${command}: mark it <!-- test: run -->, or <!-- test: none, because … -->`]
  })
}

/** One command a line or between `&&`, without prompt and comment. */
function commandsIn(text: string): string[] {
  return text
    .replaceAll(/\\\n/g, ' ')
    .split(/\n|&&|;/)
    .map((line) => line.replace(/^\s*\$ /, '').replace(/(^|\s)#.*$/, ''))
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
