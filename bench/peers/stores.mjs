// All stores that are measured side by side. Each has a name, what it does for its figures, and
// `open(dir, data, socket)`. `service`: what it needs beside it; `socket` is where that listens.
import { databases } from './databases.mjs'
import { expressSessionStores } from './express-session.mjs'
import { fileStores } from './files.mjs'
import { languages } from './languages.mjs'
import { vitrineStores } from './vitrine.mjs'

export const stores = [
  ...vitrineStores,
  ...expressSessionStores,
  ...fileStores,
  ...databases,
  ...languages,
]
