import { connect } from './frameworks.ts'
import { matrix } from './matrix.ts'

matrix(connect)
