import { connectServe } from './frameworks.ts'
import { behaviours } from './behaviours.ts'

behaviours('Connect', connectServe)
