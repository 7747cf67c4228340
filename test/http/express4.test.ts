import create from 'express4'
import { express } from './frameworks.ts'
import { expressServe } from './frameworks/express.ts'
import { matrix } from './matrix.ts'

matrix(express('Express 4', expressServe(create)))
