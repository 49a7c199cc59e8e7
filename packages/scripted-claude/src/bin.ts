#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { readCommandLine } from './commands/command-line.ts'
import type { CommandLine, ServeCommand } from './commands/command-line.ts'
import { helpText } from './commands/help.ts'
import { record } from './commands/record.ts'
import { replay } from './commands/replay.ts'
import { serve, serverOptions } from './commands/serving.ts'
import { demoScript } from './demo/demo-script.ts'
import { ScriptedClaudeError } from './errors.ts'
import { loadScript } from './script/script-file.ts'
import { startScriptedClaude } from './server.ts'

try {
  process.exitCode = await run(readCommandLine(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof ScriptedClaudeError)) throw error
  process.stderr.write(`scripted-claude: ${error.message} ${error.hint}\n`)
  process.exitCode = 2
}

/** Does what the command line asks for; gives the exit code. */
async function run(command: CommandLine): Promise<number> {
  switch (command.name) {
    case 'help':
      process.stdout.write(helpText)
      return 0
    case 'version':
      process.stdout.write(`${await readVersion()}\n`)
      return 0
    case 'serve':
      return serveScript(command)
    case 'record':
      return record(command)
    case 'replay':
    case 'assert':
      return replay(command)
  }
}

/** Plays a script until a signal comes. */
async function serveScript(command: ServeCommand): Promise<number> {
  const { script: path, onUnmatched } = command
  const script = path === undefined ? demoScript() : await loadScript(path)
  const claude = await startScriptedClaude({ ...serverOptions(command), script, onUnmatched })
  const code = await serve(claude, `(${path ?? 'demo script'}). It is a script, not Claude.`)
  await claude.close()
  return code
}

async function readVersion(): Promise<string> {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
