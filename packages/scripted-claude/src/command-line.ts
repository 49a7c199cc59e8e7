import { parseArgs } from 'node:util'
import { ScriptedClaudeError } from './errors.ts'

/** What the command line asks for. */
export interface CommandLine {
  port: number
  host: string
  /** Path of the script; the demo without one. */
  script: string | undefined
  onUnmatched: 'error' | 'text'
  isVerbose: boolean
  isHelp: boolean
  isVersion: boolean
}

export const defaultPort = 8089

export const helpText = `scripted-claude: a scripted Anthropic Messages API. Not Claude; no key, no network.

Usage: scripted-claude [--script file] [--port number] [--host address]

  --script <file>      JSON script, or a JavaScript module with a default export (default: the demo)
  --port <number>      TCP port, 0 for any free one (default: ${defaultPort})
  --host <address>     address to listen on (default: 127.0.0.1)
  --on-unmatched <way> what a request gets that no rule fits: error or text (default: error)
  --verbose            print one line per request
  --version            print the version
  --help               print this

Point a client at it:
  ANTHROPIC_BASE_URL=http://127.0.0.1:${defaultPort} ANTHROPIC_API_KEY=any claude -p "hello"
`

/**
 * Reads the command line.
 * @throws ScriptedClaudeError `invalid_option`
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseFlags(args)
  const onUnmatched = values['on-unmatched'] ?? 'error'
  if (onUnmatched !== 'error' && onUnmatched !== 'text') {
    throw invalidOption(`--on-unmatched is error or text, not '${onUnmatched}'.`)
  }
  return {
    port: readPort(values.port ?? String(defaultPort)),
    host: values.host ?? '127.0.0.1',
    script: values.script,
    onUnmatched,
    isVerbose: values.verbose ?? false,
    isHelp: values.help ?? false,
    isVersion: values.version ?? false,
  }
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        script: { type: 'string' },
        'on-unmatched': { type: 'string' },
        verbose: { type: 'boolean' },
        version: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? '') : String(error)
    throw invalidOption(`${reason.replace(/\.$/, '')}.`)
  }
}

function readPort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535)
    throw invalidOption(`--port is a number from 0 to 65535, not '${text}'.`)
  return port
}

function invalidOption(message: string): ScriptedClaudeError {
  return new ScriptedClaudeError({ code: 'invalid_option', message, hint: 'See scripted-claude --help.' })
}
