// Installs what the recipes use, up to 370 MB each: `node scripts/recipes.mjs`. It keeps to their locks, but not by
// `npm ci`, which refuses a checkout whose version is newer than the lock.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fetchEach, npmInstall, root } from './fetch.mjs'

const recipes = join(root, 'recipes')

await fetchEach(
  readdirSync(recipes).map((name) => ({
    title: `recipes/${name}`,
    home: join(recipes, name, 'node_modules'),
    isThere: () => false, // npm knows, and is quick then
    fetch: () => npmInstall(join(recipes, name), '--prefer-offline'),
  })),
)
