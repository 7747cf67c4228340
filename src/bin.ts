#!/usr/bin/env node
import { runProcess } from './tools/cli/process.ts'

await runProcess(new URL('../package.json', import.meta.url))
