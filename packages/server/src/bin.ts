#!/usr/bin/env node
import { AgentServerError } from '@claude-agent/protocol'
import { run } from './run.ts'

try {
  await run(process.argv.slice(2), process.env)
} catch (error) {
  if (!(error instanceof AgentServerError)) throw error
  console.error(`claude-agent-server: ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`)
  process.exitCode = 1
}
