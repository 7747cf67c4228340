import create from 'express'
import { express } from './frameworks.ts'
import { expressServe } from './frameworks/express.ts'
import { matrix } from './matrix.ts'

matrix(express('Express 5', expressServe(create)))
