#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import type { CommandLine } from './command-line.ts'
import { helpText, readCommandLine } from './command-line.ts'
import { demoScript } from './demo/demo-script.ts'
import { ScriptedClaudeError } from './errors.ts'
import type { RecordedRequest } from './request/record.ts'
import { loadScript } from './script/script-file.ts'
import { startScriptedClaude } from './server.ts'

try {
  await run(readCommandLine(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof ScriptedClaudeError)) throw error
  process.stderr.write(`scripted-claude: ${error.message} ${error.hint}\n`)
  process.exitCode = 2
}

/** Does what the command line asks for; serves until SIGINT or SIGTERM. */
async function run(commandLine: CommandLine): Promise<void> {
  if (commandLine.isHelp) {
    process.stdout.write(helpText)
    return
  }
  if (commandLine.isVersion) {
    const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8')
    process.stdout.write(`${(JSON.parse(manifest) as { version: string }).version}\n`)
    return
  }
  const { script: path, port, host, onUnmatched } = commandLine
  const script = path === undefined ? demoScript() : await loadScript(path)
  // Nobody asserts on what the command records, so it keeps no bodies.
  const limits = { maxRecordedRequests: 100, maxRecordedBytes: 0 }
  const onRequest = commandLine.isVerbose ? { onRequest: printRequest } : {}
  const claude = await startScriptedClaude({ script, port, host, onUnmatched, ...limits, ...onRequest })
  process.stdout.write(
    `scripted-claude listens on ${claude.url} (${path ?? 'demo script'}). It is a script, not Claude.\n`,
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void claude.close().then(() => process.exit(0)))
  }
}

/** One line about a request: never its headers, where the keys are. */
function printRequest(request: RecordedRequest): void {
  const rule = request.rule === undefined ? '' : ` rule ${request.rule}`
  const failure = request.failure === undefined ? '' : `: ${request.failure}`
  process.stdout.write(
    `${request.method} ${request.path} ${request.status} ${request.outcome}${rule}${failure}\n`,
  )
}
