import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown, type OutputChunk } from 'rolldown'

/** How an app is bundled. */
export interface Bundling {
  /** Whether what is loaded late becomes files of its own. */
  readonly codeSplitting: boolean
  readonly treeshake?: boolean
  /** What the bundler resolves names of packages for, as `workerd`. */
  readonly conditions?: readonly string[]
}

/**
 * Bundles an app; the first chunk is the one it starts with.
 * @param directory of a project that has installed the package
 * @param app its text
 */
export async function bundle(
  directory: string,
  app: string,
  { codeSplitting, treeshake = true, conditions = [] }: Bundling,
): Promise<readonly OutputChunk[]> {
  const input = join(directory, 'app.js')
  writeFileSync(input, app)
  const build = await rolldown({
    input,
    platform: 'neutral',
    treeshake,
    external: /^(node:|yaml$)/,
    resolve: { mainFields: ['main'], conditionNames: [...conditions, 'import', 'default'] },
  })
  const { output } = await build.generate({ minify: true, codeSplitting })
  await build.close()
  return output.filter((file) => file.type === 'chunk')
}
