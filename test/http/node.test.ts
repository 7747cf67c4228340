import { node } from './frameworks.ts'
import { matrix } from './matrix.ts'

matrix(node)
