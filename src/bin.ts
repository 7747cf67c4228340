#!/usr/bin/env node
import { runProcess } from './tools/cli/process.ts'

await runProcess()
