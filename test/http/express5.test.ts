import express from 'express'
import { expressServe } from './frameworks.ts'
import { behaviours } from './behaviours.ts'

behaviours('Express 5', expressServe(express))
