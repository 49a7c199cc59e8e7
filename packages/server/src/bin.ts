#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'
import { AgentServerError } from '@claude-agent/protocol'
import { run } from './run.ts'

// What is young is collected in small steps: a server that has once been busy does not keep tens of megabytes for it.
setFlagsFromString('--semi-space-growth-factor=1')

try {
  await run(process.argv.slice(2), process.env)
} catch (error) {
  if (!(error instanceof AgentServerError)) throw error
  console.error(`claude-agent-server: ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`)
  process.exitCode = 1
}
