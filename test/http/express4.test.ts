import express from 'express4'
import { expressServe } from './frameworks.ts'
import { behaviours } from './behaviours.ts'

behaviours('Express 4', expressServe(express))
